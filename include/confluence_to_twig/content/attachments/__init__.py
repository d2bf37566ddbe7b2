"""Attachments: the text of attached files, read in a child process under limits, because anybody may attach anything."""
