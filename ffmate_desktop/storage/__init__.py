"""Folders and files on disk: walk trees, tell local from network, observe changes, move originals."""
