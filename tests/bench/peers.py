"""The same scene as most programs make it: one MoviePy composite of whole frames, text as clips."""

from __future__ import annotations

import time
from pathlib import Path

from moviepy import ColorClip, CompositeVideoClip, ImageClip, TextClip, VideoFileClip

from anchor.core.plan import Placement, Rendition

FRAMES = 90


def composite_fps(
    rendition: Rendition, background: Path, plate: Path, matte: Path, placement: Placement, font: Path, out: Path
) -> float:
    """Frames a second of one `CompositeVideoClip`: set, keyed presenter, headline bar, lower third, caption, AI label.

    Fewer layers than the look draws, no mouth, no shadow, no animation: the composite is given the easier task.
    """
    seconds = FRAMES / float(rendition.timebase.rate)
    width, height = rendition.width, rendition.height

    def text(words: str, size: int, x: int, y: int) -> TextClip:
        clip = TextClip(font=str(font), text=words, font_size=size, color="white", margin=(8, 24))
        return clip.with_position((x, y)).with_duration(seconds)

    def bar(w: int, h: int, x: int, y: int) -> ColorClip:
        return ColorClip((w, h), color=(5, 13, 34)).with_opacity(0.85).with_position((x, y)).with_duration(seconds)

    presenter = VideoFileClip(str(plate), audio=False).subclipped(0, seconds)
    mask = VideoFileClip(str(matte), audio=False).subclipped(0, seconds).to_mask()
    presenter = presenter.with_mask(mask).resized(placement.scale).with_position((placement.x, placement.y))
    scene = CompositeVideoClip(
        [
            ImageClip(str(background)).resized((width, height)).with_duration(seconds),
            presenter,
            bar(1100, 90, 100, 860),
            text("十月出口年增 12.6%", 50, 120, 845),
            bar(520, 120, 100, 700),
            text("林安瀾  主播", 54, 120, 695),
            text("連續七個月成長，電子零組件", 52, 560, 950),
            text("AI 生成主播", 50, 1500, 70),
        ],
        size=(width, height),
    )
    began = time.perf_counter()
    scene.write_videofile(
        str(out),
        fps=float(rendition.timebase.rate),
        codec=rendition.video_codec,
        preset=rendition.preset,
        audio=False,
        logger=None,
        pixel_format="yuv420p",
        ffmpeg_params=["-crf", str(rendition.crf), "-g", str(rendition.gop_frames)],
    )
    took = time.perf_counter() - began
    scene.close()
    presenter.close()
    mask.close()
    return FRAMES / took
