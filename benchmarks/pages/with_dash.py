"""By Dash and Plotly: `python with_dash.py FILE ASSETS PORT`."""

from __future__ import annotations

import sys

import pandas as pd
import plotly.graph_objects as go
from dash import Dash, Input, Output, callback, dcc, html
from plotly.subplots import make_subplots

path, assets, port = sys.argv[1:]
ids = pd.read_parquet(assets)["canonical_id"].to_list()
app = Dash(__name__)
app.layout = html.Div([dcc.Dropdown(ids, ids[0], id="asset"), dcc.Graph(id="charts")])


@callback(Output("charts", "figure"), Input("asset", "value"))
def charts(asset: str) -> go.Figure:
    rows = pd.read_parquet(
        path, columns=["date", "close", "volume"], filters=[("canonical_id", "==", asset)]
    )
    both = make_subplots(rows=2, cols=1, shared_xaxes=True)
    for row, column in enumerate(("close", "volume"), 1):
        both.add_trace(go.Scatter(x=rows["date"], y=rows[column], name=column), row=row, col=1)
    return both


if __name__ == "__main__":
    app.run(port=port)
