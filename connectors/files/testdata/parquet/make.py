# Writes the Parquet files of this folder with pyarrow, DuckDB and Polars, and want.jsonl, what they hold.
# python3 -m venv v && v/bin/pip install pyarrow duckdb polars && v/bin/python make.py
import datetime as dt, decimal, json, uuid

import duckdb
import polars
import pyarrow as pa
import pyarrow.parquet as pq

UTC = dt.timezone.utc
D = decimal.Decimal
decimal.getcontext().prec = 100
N = 60


def pick(values):
    """Row 0 is null, then every value once, then again with a null now and then."""
    return [None if r == 0 or r % 7 == 0 and r > len(values) else values[(r - 1) % len(values)] for r in range(N)]


moments = [dt.datetime(2024, 2, 29, 23, 59, 59, 999000), dt.datetime(1969, 12, 31, 23, 59, 59, 500000), dt.datetime(1970, 1, 1), dt.datetime(1900, 3, 1, 1, 2, 3, 4000)]
fine = moments + [dt.datetime(2024, 5, 5, 12, 0, 0, 123456), dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31, 23, 59, 59, 999999)]
clocks = [dt.time(0), dt.time(12, 34, 56, 789000), dt.time(23, 59, 59, 999000)]
dates = [dt.date(2024, 2, 29), dt.date(1969, 12, 31), dt.date(1, 1, 1), dt.date(9999, 12, 31), dt.date(1582, 10, 10)]
texts = ["abc", "", "é😀", "a\x00b", "007", "x" * 300]
ids = [uuid.UUID(int=0), uuid.UUID(int=2**128 - 1), uuid.UUID("0f0e0d0c-0b0a-4908-8706-050403020100")]

columns = {
    "id": (pa.int64(), list(range(N))),
    "b": (pa.bool_(), pick([True, False])),
    "i8": (pa.int8(), pick([0, 127, -128])),
    "i16": (pa.int16(), pick([0, 32767, -32768])),
    "i32": (pa.int32(), pick([0, 2**31 - 1, -(2**31)])),
    "i64": (pa.int64(), pick([0, 2**63 - 1, -(2**63)])),
    "u8": (pa.uint8(), pick([0, 255])),
    "u16": (pa.uint16(), pick([0, 65535])),
    "u32": (pa.uint32(), pick([0, 2**32 - 1])),
    "u64": (pa.uint64(), pick([0, 2**64 - 1, 2**63])),
    "f16": (pa.float16(), pick([0.5, -2.25, 65504.0, 5.960464477539063e-08])),
    "f32": (pa.float32(), pick([0.5, -2.25, 16777216.0, 1.401298464324817e-45])),
    "f64": (pa.float64(), pick([0.1, -2.5e300, 5e-324, float("inf")])),
    "dec9": (pa.decimal128(9, 2), pick([D("1.50"), D("-9999999.99"), D("0.01")])),
    "dec18": (pa.decimal128(18, 4), pick([D("1.5"), D("-99999999999999.9999")])),
    "dec38": (pa.decimal128(38, 10), pick([D("1.5"), D("-9999999999999999999999999999.9999999999"), D("0.0000000001")])),
    "dec76": (pa.decimal256(76, 38), pick([D("1.5"), D("-" + "9" * 38 + "." + "9" * 38)])),
    "s": (pa.string(), pick(texts)),
    "big": (pa.large_string(), pick(texts)),
    "word": (pa.dictionary(pa.int32(), pa.string()), pick(["new", "paid", ""])),
    "by": (pa.binary(), pick([b"", b"\xff\x00", b"abc"])),
    "fix": (pa.binary(3), pick([b"\xff\x00a", b"abc"])),
    "day": (pa.date32(), pick(dates)),
    "t_ms": (pa.time32("ms"), pick(clocks)),
    "t_us": (pa.time64("us"), pick(clocks)),
    "t_ns": (pa.time64("ns"), pick(clocks)),
    "ts_ms": (pa.timestamp("ms"), pick(moments)),
    "ts_us": (pa.timestamp("us"), pick(fine)),
    "ts_ns": (pa.timestamp("ns"), pick(moments)),
    "at_ms": (pa.timestamp("ms", "UTC"), pick([m.replace(tzinfo=UTC) for m in moments])),
    "at_us": (pa.timestamp("us", "Europe/Berlin"), pick([m.replace(tzinfo=UTC) for m in moments])),
    "at_ns": (pa.timestamp("ns", "UTC"), pick([m.replace(tzinfo=UTC) for m in moments])),
    "uu": (pa.uuid(), pick([u.bytes for u in ids])),
    "js": (pa.json_(), pick(['{"a": [1, null]}', "[]", "1.50", '"x"'])),
    "none": (pa.null(), [None] * N),
    "li": (pa.list_(pa.int32()), pick([[1, 2, 3], [], [None], [1, None, 3], [4] * 40])),
    "ls": (pa.large_list(pa.string()), pick([["a", "b"], [], [None], ["", "é", None]])),
    "st": (pa.struct([("a", pa.int32()), ("in", pa.struct([("c", pa.string())]))]),
           pick([{"a": 1, "in": {"c": "x"}}, {"a": None, "in": None}, {"a": 3, "in": {"c": None}}])),
    "map": (pa.map_(pa.string(), pa.int32()), pick([[("k", 1)], []])),
    "los": (pa.list_(pa.struct([("x", pa.int32())])), pick([[{"x": 1}], []])),
    "lol": (pa.list_(pa.list_(pa.int32())), pick([[[1], []], []])),
}


def text(name, v):
    """A value as value.Value.Text has it, numbers but for their form."""
    if v is None:
        return None
    if name == "uu":
        return str(uuid.UUID(bytes=v))
    if isinstance(v, bool):
        return "true" if v else "false"
    if isinstance(v, bytes):
        return v.hex()
    if isinstance(v, dt.time):
        return str((v.hour * 3600 + v.minute * 60 + v.second) * 1000 + v.microsecond // 1000)
    if isinstance(v, dt.datetime):
        return v.replace(tzinfo=None).isoformat()
    if isinstance(v, list):
        return json.dumps(v)
    return str(v)


arrays = []
for name, (typ, values) in columns.items():
    if isinstance(typ, pa.UuidType) or isinstance(typ, pa.JsonType):
        arrays.append(pa.ExtensionArray.from_storage(typ, pa.array(values, typ.storage_type)))
    elif pa.types.is_float16(typ):
        import numpy
        arrays.append(pa.array([None if v is None else numpy.float16(v) for v in values], typ))
    else:
        arrays.append(pa.array(values, typ))
table = pa.table(arrays, names=list(columns))

pq.write_table(table, "arrow.parquet", row_group_size=25)
pq.write_table(table, "arrow_v2_zstd.parquet", row_group_size=25, data_page_version="2.0", compression="zstd", use_dictionary=False, data_page_size=200, version="2.6")
pq.write_table(table, "arrow_gzip_delta.parquet", compression="gzip", use_dictionary=False, store_decimal_as_integer=True, data_page_size=100,
               column_encoding={"i64": "DELTA_BINARY_PACKED", "s": "DELTA_BYTE_ARRAY", "big": "DELTA_LENGTH_BYTE_ARRAY", "f64": "BYTE_STREAM_SPLIT", "u64": "DELTA_BINARY_PACKED", "fix": "BYTE_STREAM_SPLIT"})
pq.write_table(table, "arrow_brotli_old.parquet", compression="brotli", version="1.0", use_compliant_nested_type=False)
pq.write_table(table, "arrow_lz4.parquet", compression="lz4", row_group_size=7)
pq.write_table(table.select(["id", "ts_ns", "at_ns"]), "arrow_int96.parquet", use_deprecated_int96_timestamps=True)

duckdb.sql("""copy (select i as id, if(i % 3 = 0, null, i::decimal(18, 3) / 8) as d, (i * 7)::hugeint as h, date '2024-02-28' + i::int as day,
  timestamp '2024-01-01 00:00:00' + to_seconds(i) as ts, timestamptz '2024-01-01 00:00:00Z' + to_seconds(i) as at, time '01:02:03' as t,
  'row ' || i as s, [i, null] as li, {'a': i, 'b': 'x'} as st, uuid '0f0e0d0c-0b0a-4908-8706-050403020100' as u, i::utinyint as u8,
  interval 3 day as iv, '\\xAA'::blob as by, 'a'::enum('a', 'b') as e from range(60) t(i)) to 'duckdb.parquet' (format parquet)""")

polars.DataFrame({
    "id": list(range(N)), "s": pick(texts), "d": polars.Series(pick([D("1.50"), D("-2.25")]), dtype=polars.Decimal(20, 2)),
    "ts": polars.Series(pick(moments), dtype=polars.Datetime("us")), "day": pick(dates), "li": pick([[1, 2], [], [None]]),
    "cat": polars.Series(pick(["x", "y"]), dtype=polars.Categorical),
}).write_parquet("polars.parquet", row_group_size=16)

with open("want.jsonl", "w") as f:
    skip = ("map", "los", "lol", "st")
    for r in range(N):
        row = {n: text(n, v[r]) for n, (_, v) in columns.items() if n not in skip}
        st = columns["st"][1][r]
        row["st.a"] = None if st is None else text("a", st["a"])
        row["st.in.c"] = None if st is None or st["in"] is None else st["in"]["c"]
        f.write(json.dumps(row) + "\n")
