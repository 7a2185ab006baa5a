"""Amounts in Kubernetes' notation."""

import re
from decimal import Decimal
from typing import Final

_SMALL: Final = {"": "1", "n": "1e-9", "u": "1e-6", "m": "1e-3", "k": "1e3"}
_LARGE: Final = {"M": "1e6", "G": "1e9", "T": "1e12", "P": "1e15", "E": "1e18"}
_BINARY: Final = {f"{letter}i": str(1024 ** (index + 1)) for index, letter in enumerate("KMGTPE")}
_FACTORS: Final = {name: Decimal(factor) for name, factor in (_SMALL | _LARGE | _BINARY).items()}


def bytes_of(quantity: object) -> int:
    """`1Gi`, `500M`, `1e9` or a plain number in bytes, rounded up; the notation has been checked."""
    text = str(quantity)
    unit = re.search(r"[A-Za-z]*$", text)
    suffix = unit.group() if unit else ""
    amount = Decimal(text.removesuffix(suffix)) * _FACTORS[suffix]
    return int(amount.to_integral_value(rounding="ROUND_CEILING"))


def quantity_of(amount: int) -> str:
    """So many bytes as people write them: `300Mi` where that is exact, else the plain number."""
    units = [unit for unit in _BINARY if amount and amount % _FACTORS[unit] == 0]
    return f"{amount // int(_FACTORS[units[-1]])}{units[-1]}" if units else str(amount)
