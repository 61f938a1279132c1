"""Measures: real servers on loopback ports, phones in processes of their own, CPU and memory from /proc."""
