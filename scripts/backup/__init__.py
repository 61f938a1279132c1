"""Backups: one encrypted file that holds the rows, the attachments and the secret key, and verifies itself.

`rows`: portable rows, out of any database and into any. `sealed`: the file and its encryption. `contents`: what is in
it, written and read as a stream. `make`, `restore`, `move`: the verbs. `shelf`: where backups lie, and for how long.
"""


class BackupError(Exception):
    """What went wrong, in a sentence for the operator."""
