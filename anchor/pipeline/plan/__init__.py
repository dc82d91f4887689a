"""Whose face and voice, with what right, seen where and when: everything resolved before a picture is drawn."""
