"""How people and machines start the server: set-up, command line, checks, measurements."""
