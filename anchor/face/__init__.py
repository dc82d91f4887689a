"""The performing presenter: avatars, visemes, mouth patches, idle motion."""
