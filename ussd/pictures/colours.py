"""The colours of the kinds of screens, the same in all formats."""

from collections.abc import Mapping

from ussd.core.graph import Kind

FILLS: Mapping[Kind, str] = {"choose": "#dbeafe", "ask": "#fef3c7", "look_up": "#ede9fe", "end": "#dcfce7"}
STROKES: Mapping[Kind, str] = {"choose": "#1d4ed8", "ask": "#b45309", "look_up": "#6d28d9", "end": "#15803d"}
INK = "#111827"
PALE = "#6b7280"
FAULT = "#dc2626"
