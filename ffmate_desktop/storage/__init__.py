"""Folders and files on disk: walking trees, knowing local from network, hearing of changes, moving originals."""
