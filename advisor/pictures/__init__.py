"""Pictures of what was measured, as figures of matplotlib; nothing of pyplot's state is used or changed.

Blue and vermilion are told apart by the colour-blind (Okabe and Ito, Color universal design, 2008), brightness grows
along heat maps, and no figure is told by its colour alone. The ground is white, so that print and dark pages agree.
"""

from __future__ import annotations

from advisor.pictures._canvas import svg
from advisor.pictures.ablation import plot_ablation
from advisor.pictures.curves import plot_curves
from advisor.pictures.importances import plot_importances
from advisor.pictures.pairs import plot_pairs

__all__ = ["plot_ablation", "plot_curves", "plot_importances", "plot_pairs", "svg"]
