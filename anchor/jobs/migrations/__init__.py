"""Migrations of the job tables, oldest first."""
