package postgres

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/query"
)

// BenchmarkStream compares a stream of all columns of the flights, decoded into vectors, with reading the driver's raw values.
func BenchmarkStream(b *testing.B) {
	dsn := connectortest.Postgres(b)
	table := connectortest.FlightsPostgres(b, dsn, connectortest.Flights(b))
	ctx := b.Context()
	src, err := Open(ctx, connectors.Config{Name: "bench", Params: map[string]string{"dsn": dsn}})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = src.Close() }()
	rel := connectortest.Relation(b, src, query.Dataset{Name: "flights", Table: table, Timezone: "UTC"})
	sel := connectortest.WholeRows(rel)
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	for b.Loop() {
		connectortest.Versus(b, "stream", func() error {
			return connectortest.Drain(ctx, src, sel)
		}, func() error {
			rows, err := conn.Query(ctx, "select * from "+table)
			if err != nil {
				return err
			}
			defer rows.Close()
			n := 0
			for rows.Next() {
				for _, v := range rows.RawValues() {
					n += len(v)
				}
			}
			return rows.Err()
		})
	}
}
