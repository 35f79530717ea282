"""Release errors: a folder that holds no valid release, and a release that another version of Flywheel made."""

from __future__ import annotations

from pathlib import Path

from features.errors import FlywheelError

_TRAIN_AGAIN = "Train again with `flywheel run`, or promote a release that this version made."


class CorruptRelease(FlywheelError):
    """The folder does not hold a valid release, or not the one that was registered."""

    @classmethod
    def of(cls, folder: Path, reason: object) -> CorruptRelease:
        """Return the error of a release's folder whose files are missing, damaged or changed."""
        return cls(
            f"{folder} is not a valid release: {reason}. Expected the files that `flywheel train` wrote: "
            "fetch it again from the registry, or promote another."
        )


class OtherFormat(CorruptRelease):
    """Another version of Flywheel made the release, and this version cannot load it."""

    @classmethod
    def of_version(cls, release: str, found: object, readable: int) -> OtherFormat:
        """Return the error of a release whose format version is not ``readable``; ``found`` is None without one."""
        if isinstance(found, int) and found > readable:
            return cls(
                f"Release {release} was made by a newer version of Flywheel: found format {found}, expected {readable}."
                f" Update Flywheel. Or train again with `flywheel run`."
            )
        form = "no format version" if found is None else f"format {found}"
        return cls(
            f"Release {release} was made by an older version of Flywheel: found {form}, expected {readable}. "
            f"{_TRAIN_AGAIN}"
        )

    @classmethod
    def of_contents(cls, release: str, reason: object) -> OtherFormat:
        """Return the error of a release whose files are as they were registered, but cannot be loaded."""
        return cls(
            f"Release {release} was made by another version of Flywheel: its files are as they were registered, but "
            f"this version cannot load them ({reason}). {_TRAIN_AGAIN}"
        )
