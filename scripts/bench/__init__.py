"""Measures: a real server on a loopback port, phones in processes of their own, CPU and memory from /proc."""
