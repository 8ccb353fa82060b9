"""The main window around the pages: sidebar, status strip and messages."""
