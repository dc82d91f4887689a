"""One photograph → a presenter: a head that turns a little in depth, eyes that live, and a mouth that opens."""

from anchor.workshop.presenters.photo.build import build_photo

__all__ = ["build_photo"]
