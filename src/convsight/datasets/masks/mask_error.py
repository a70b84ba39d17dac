"""`MaskError`: what is wrong with one mask; an audit lists all of them, whatever else needs the mask stops."""

from convsight.errors import UserError


class MaskError(UserError):
    """A mask that cannot be used, by the `kind` of a finding; `brief` is what is wrong without the file's name."""

    def __init__(self, kind: str, file: object, brief: str, fix: str) -> None:
        super().__init__(f"{file} {brief}; {fix}")
        self.kind = kind
        self.brief = brief
