"""What makes presenters and voices, measures them and packs them, once; nothing that performs a clip imports it."""
