"""By Panel and Bokeh: `panel serve with_panel.py --args FILE ASSETS`."""

from __future__ import annotations

import sys

import pandas as pd
import panel as pn
from bokeh.models import ColumnDataSource
from bokeh.plotting import figure

path, assets = sys.argv[1:]
pn.extension()


def charts(asset: str) -> pn.Column:
    rows = pd.read_parquet(
        path, columns=["date", "close", "volume"], filters=[("canonical_id", "==", asset)]
    )
    source = ColumnDataSource(rows)
    figures = []
    for column in ("close", "volume"):
        one = figure(title=column, x_axis_type="datetime", width=1200, height=300)
        one.line("date", column, source=source)
        figures.append(pn.pane.Bokeh(one))
    return pn.Column(*figures)


asset = pn.widgets.Select(name="Asset", options=pd.read_parquet(assets)["canonical_id"].to_list())
pn.Column(asset, pn.bind(charts, asset)).servable()
