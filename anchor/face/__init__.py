"""The presenter: avatars, visemes, mouth patches, idle motion."""
