"""By Streamlit's own charts: `streamlit run with_streamlit.py -- FILE ASSETS`."""

from __future__ import annotations

import sys

import pandas as pd
import streamlit as st

path, assets = sys.argv[1:]
st.set_page_config(layout="wide")


@st.cache_data
def ids() -> list[str]:
    return pd.read_parquet(assets)["canonical_id"].to_list()


asset = st.selectbox("Asset", ids())
rows = pd.read_parquet(
    path, columns=["date", "close", "volume"], filters=[("canonical_id", "==", asset)]
)
st.line_chart(rows, x="date", y="close")
st.line_chart(rows, x="date", y="volume")
