"""Every choice about a server, typed and validated in one place."""

import ipaddress
import os
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator

from convsight.errors import UserError

TOKEN_VARIABLE = "CONVSIGHT_TOKEN"  # noqa: S105  the name of a variable, not a token

_MB = 1_000_000


class ServeSettings(BaseModel):
    """Where to listen, who may ask, and how much may be asked at once.

    >>> ServeSettings.of(host="0.0.0.0")
    Traceback (most recent call last):
    ...
    convsight.errors.UserError: --host 0.0.0.0 can be reached from other machines: ...
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = Field("127.0.0.1", min_length=1, description="Address to listen on; any but loopback needs a token.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    token: SecretStr | None = Field(None, description="What clients must send as `Authorization: Bearer ...`.")
    max_body_mb: float = Field(20, gt=0, description="Refuse larger requests, in megabytes.")
    max_megapixels: float = Field(50, gt=0, description="Refuse larger images.")
    max_pictures: int = Field(64, ge=1, description="Refuse requests with more images.")
    queue: int = Field(256, ge=1, description="Images that may wait; more are refused with 503.")
    max_waiting_mb: float = Field(256, gt=0, description="Megabytes that waiting requests may hold together.")
    timeout: float = Field(30, gt=0, description="Seconds a request may take, from its first line to its answer.")
    max_connections: int = Field(1000, ge=1, description="Connections open at once; idle ones make room for new ones.")
    max_batch: int = Field(32, ge=1, description="Images run at once.")
    workers: int = Field(2, ge=1, le=64, description="Threads that read images.")

    @property
    def max_body(self) -> int:
        """Bytes of the largest body."""
        return int(self.max_body_mb * _MB)

    @property
    def max_waiting(self) -> int:
        """Bytes that all bodies may hold together."""
        return int(self.max_waiting_mb * _MB)

    @property
    def known_hosts(self) -> frozenset[str] | None:
        """Names under which clients may ask; None where any will do.

        Without a token, a page of another site could have its own name resolve to this machine and ask in the name of
        whoever looks at it (DNS rebinding). Such requests carry that site's name as their host.
        """
        if self.token is not None:
            return None
        return frozenset({"localhost", "127.0.0.1", "[::1]", _in_url(self.host)})

    @classmethod
    def of(cls, **values: Any) -> Self:
        """Settings from `values`; raises `UserError` for one that cannot be."""
        try:
            return cls(**values)
        except ValidationError as error:
            raise UserError("; ".join(_told(dict(problem)) for problem in error.errors())) from error

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        if self.token is None and not is_loopback(self.host):
            raise ValueError(
                f"--host {self.host} can be reached from other machines: give a token with --token-file FILE or in the "
                f"environment variable {TOKEN_VARIABLE}"
            )
        if self.max_pictures > self.queue:
            raise ValueError(
                f"--queue {self.queue} could never take a request of --max-pictures {self.max_pictures}: raise the "
                "one or lower the other"
            )
        if self.max_body_mb > self.max_waiting_mb:
            raise ValueError(
                f"--max-waiting-mb {self.max_waiting_mb:g} could never take a body of --max-body-mb "
                f"{self.max_body_mb:g}: raise the one or lower the other"
            )
        return self


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach `host`.

    >>> is_loopback("127.0.0.1"), is_loopback("::1"), is_loopback("localhost"), is_loopback("0.0.0.0")
    (True, True, True, False)
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def read_token(file: Path | None) -> SecretStr | None:
    """The token in `file`, else in the environment, else none.

    Raises `UserError` where it cannot be read, is empty, or cannot be sent in a header.
    """
    if file is not None:
        try:
            token, place = file.read_text(encoding="utf-8").strip(), str(file)
        except (OSError, UnicodeDecodeError) as error:
            raise UserError(f"cannot read the token in {file}: {error}") from error
    elif TOKEN_VARIABLE in os.environ:
        token, place = os.environ[TOKEN_VARIABLE].strip(), f"environment variable {TOKEN_VARIABLE}"
    else:
        return None
    if not token or not all("!" <= letter <= "~" for letter in token):
        raise UserError(
            f"the token in {place} must be one word of ASCII letters, digits and signs; make one with: "
            "openssl rand -hex 32"
        )
    return SecretStr(token)


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _told(problem: dict[str, Any]) -> str:
    message = str(problem["msg"]).removeprefix("Value error, ")
    if not problem["loc"]:
        return message
    return f"--{str(problem['loc'][0]).replace('_', '-')} {problem['input']}: {message}"
