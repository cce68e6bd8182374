package mysql

import (
	"database/sql"
	"testing"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/query"
)

// BenchmarkStream compares a stream of all columns of the flights, decoded into vectors, with reading the driver's raw bytes.
func BenchmarkStream(b *testing.B) {
	dsn := connectortest.MySQL(b)
	table := connectortest.FlightsMySQL(b, dsn, connectortest.Flights(b))
	ctx := b.Context()
	src, err := Open(ctx, connectors.Config{Name: "bench", Params: map[string]string{"dsn": dsn}})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = src.Close() }()
	rel := connectortest.Relation(b, src, query.Dataset{Name: "flights", Table: table, Timezone: "UTC"})
	sel := connectortest.WholeRows(rel)
	db, err := sql.Open("mysql", dsn)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for b.Loop() {
		connectortest.Versus(b, "stream", func() error {
			return connectortest.Drain(ctx, src, sel)
		}, func() error {
			rows, err := db.QueryContext(ctx, "select * from "+table)
			if err != nil {
				return err
			}
			defer func() { _ = rows.Close() }()
			raw := make([]sql.RawBytes, len(sel.Columns))
			into := make([]any, len(raw))
			for i := range raw {
				into[i] = &raw[i]
			}
			n := 0
			for rows.Next() {
				if err := rows.Scan(into...); err != nil {
					return err
				}
				for _, v := range raw {
					n += len(v)
				}
			}
			return rows.Err()
		})
	}
}
