"""Short forms of noise models, as on the command line: "depolarizing:0.01"."""

import difflib
import re
from collections.abc import Callable, Mapping, Sequence

from proxima_runtime.errors import InvalidArgument

from proxima_client.noise import (
    AmplitudeDamping,
    Channel,
    Depolarizing,
    NoiseModel,
    NoiseRule,
    PauliChannel,
    PhaseDamping,
    Placement,
    ReadoutError,
    invalid_noise,
)

__all__ = ["SHORT_FORMS", "short_form"]


def _rule(channel: Channel, placement: Placement) -> NoiseModel:
    return NoiseModel(rules=(NoiseRule(channel=channel, placement=placement),))


SHORT_FORMS: Mapping[str, tuple[str, Callable[[Sequence[float]], NoiseModel], int]] = {
    "depolarizing": ("p", lambda p: _rule(Depolarizing(probability=p[0]), "joint"), 1),
    "depolarizing-each": ("p", lambda p: _rule(Depolarizing(probability=p[0]), "each"), 1),
    "depolarizing-moment": ("p", lambda p: _rule(Depolarizing(probability=p[0]), "moment"), 1),
    "bit-flip": ("p", lambda p: _rule(PauliChannel(x=p[0]), "each"), 1),
    "phase-flip": ("p", lambda p: _rule(PauliChannel(z=p[0]), "each"), 1),
    "bit-phase-flip": ("p", lambda p: _rule(PauliChannel(y=p[0]), "each"), 1),
    "amplitude-damping": (
        "gamma[,excited_population]",
        lambda p: _rule(AmplitudeDamping(gamma=p[0], excited_population=p[1] if len(p) > 1 else 0.0), "each"),
        2,
    ),
    "phase-damping": ("lambda", lambda p: _rule(PhaseDamping(lambda_=p[0]), "each"), 1),
    "readout": (
        "p[,P(0|1)]",
        lambda p: NoiseModel(readout_errors=(ReadoutError(one_given_zero=p[0], zero_given_one=p[-1]),)),
        2,
    ),
}
"""Name of a short form to what follows its colon, the model that it makes, and how many numbers it takes at most."""

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def short_form(text: str) -> NoiseModel:
    """Return the model of a short form, "name:number" or "name:number,number".

    Raises InvalidArgument (reason INVALID_REQUEST) that names what is wrong and what there is.
    """
    name, colon, rest = text.partition(":")
    known = SHORT_FORMS.get(name)
    if known is None or not colon:
        near = difflib.get_close_matches(name, SHORT_FORMS, n=1)
        meant = f". Did you mean {near[0]}:{SHORT_FORMS[near[0]][0]}?" if near else ""
        forms = ", ".join(f"{form}:{shown}" for form, (shown, _, _) in SHORT_FORMS.items())
        raise invalid_noise(f"{text[:60]!r} is neither a short form ({forms}) nor the name of a .yaml file{meant}")
    shown, make, most = known
    fields = rest.split(",")
    if len(fields) > most or not all(_NUMBER.fullmatch(field.strip()) for field in fields):
        raise invalid_noise(f"{text[:60]!r}: expected {name}:{shown}, with numbers such as 0.01 or 1e-3")
    try:
        return make([float(field) for field in fields])
    except InvalidArgument as error:
        raise invalid_noise(f"{text[:60]!r}: {error.message}") from error
