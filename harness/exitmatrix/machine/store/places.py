"""Where records are: in the working folder, or those that the package brings."""

from __future__ import annotations

from pathlib import Path

HERE = Path("reports")
"""The folder that `matrix` writes where no other is named."""


def brought() -> Path:
    """The records of the installed package, or those of the checkout.

    Packaged first: only a wheel has them there.
    """
    package = Path(__file__).resolve().parents[2]
    packaged = package / "_reports"
    return packaged if packaged.is_dir() else package.parents[1] / "reports"


def nearest_records() -> Path:
    """`reports` in the working folder where it holds observations, else what is brought."""
    return HERE if (HERE / "observations").is_dir() else brought()
