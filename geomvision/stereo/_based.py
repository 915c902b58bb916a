"""What methods share that run another one: which, with which options, over which range."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self, cast

from ..method import OptionError, option
from . import METHODS
from ._base import RANGE, RangeSearch, StereoMethod


@dataclass(frozen=True, kw_only=True)
class Based(RangeSearch):
    """Runs a base, which searches `max_disparity` and `min_disparity` if it has these options."""

    base: str = option("sgm", "name of the stereo method that matches")
    base_options: str = option("", "its options where they differ from the defaults: 'name=value, name=value'")

    def __post_init__(self) -> None:
        super().__post_init__()
        self.matcher()

    @classmethod
    def of(cls, matcher: StereoMethod, **options: Any) -> Self:
        """Around this very stereo method, over its own range of disparities."""
        own = {name: getattr(matcher, name) for name in RANGE if name in matcher.option_limits()}
        return cls(base=matcher.name(), base_options=matcher.changed(*RANGE), **{**own, **options})

    def asked(self) -> tuple[StereoMethod]:
        """The matcher."""
        return (self.matcher(),)

    def matcher(self) -> StereoMethod:
        """The base, with its options."""
        this = type(self).__name__
        if self.base == self.name():
            raise OptionError(f"{this}: base is {self.base!r}; allowed is any other stereo method")
        found = METHODS.parsed(self.base, self.base_options, f"{this}: base", self.num_threads)
        named = [name for name in RANGE if name in self._named()]
        if named:
            raise OptionError(
                f"{this}: base_options holds {' and '.join(named)}; the range is an option of {this} itself"
            )
        own = {name: getattr(self, name) for name in RANGE if name in found.option_limits()}
        return cast("StereoMethod", found.with_options(**own))

    def _named(self) -> list[str]:
        """The options of the base that are given."""
        return [item.partition("=")[0].strip() for item in self.base_options.split(",")]
