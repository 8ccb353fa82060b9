"""Folders and files on disk: walk trees, recognize network storage, observe changes, move originals."""
