package run_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/mysql"
	"github.com/assay-dev/assay/connectors/postgres"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/plan"
	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/expectations/run"
	"github.com/assay-dev/assay/expectations/spec"
)

// joinRows is the number of orders: ASSAY_BENCH_ROWS, or all. There is a customer for every ten of them.
func joinRows(orders *connectortest.TPCHTable) int {
	if n, err := strconv.Atoi(os.Getenv("ASSAY_BENCH_ROWS")); err == nil && n >= 1000 {
		return n
	}
	return orders.Rows
}

// BenchmarkJoin looks the customers (MySQL) of all orders (PostgreSQL) up, and compares the time with that of programs which only read:
// both tables whole, as FloorBoth does.
func BenchmarkJoin(b *testing.B) {
	orders, customers := connectortest.TPCHOrders(), connectortest.TPCHCustomer()
	pg, my := connectortest.Postgres(b), connectortest.MySQL(b)
	rows := joinRows(orders)
	left := connectortest.TPCHPostgres(b, pg, orders, rows)
	right := connectortest.TPCHMySQL(b, my, customers, rows/10)
	for _, c := range []struct {
		name   string
		memory int64
		method string
	}{{"memory", 0, "hash join"}, {"files", int64(rows), "sort-merge join"}} { // a byte a row is too little for the customers, whatever their number
		b.Run(c.name, func(b *testing.B) {
			connectortest.Versus(b, "floor", func() error {
				return joinOnce(b, pg, my, left, right, int64(rows), c.memory, c.method)
			}, func() error { return floorOnce(b.Context(), pg, my, left, right, orders, customers, int64(rows)) })
		})
	}
}

func floorOnce(ctx context.Context, pg, my, left, right string, orders, customers *connectortest.TPCHTable, rows int64) error {
	g, ctx := errgroup.WithContext(ctx)
	check := func(n, want int64, err error) error {
		if err == nil && n != want {
			return fmt.Errorf("%d rows, not %d", n, want)
		}
		return err
	}
	g.Go(func() error {
		n, err := connectortest.FloorPostgres(ctx, pg, left, orders)
		return check(n, rows, err)
	})
	g.Go(func() error {
		n, err := connectortest.FloorMySQL(ctx, my, right, customers)
		return check(n, rows/10, err)
	})
	return g.Wait()
}

// joinOnce runs the suite: who has a customer, and whether order and customer fit together.
func joinOnce(b *testing.B, pg, my, left, right string, rows, memory int64, method string) error {
	b.Helper()
	s := &spec.Suite{
		Name:        "bench",
		Connections: []spec.Connection{{Name: "pg", Driver: "postgres"}, {Name: "my", Driver: "mysql"}},
		Datasets: []spec.Dataset{
			{Dataset: query.Dataset{Name: "orders", Table: left, Key: []string{"o_orderkey"}}, Connection: "pg"},
			{Dataset: query.Dataset{Name: "customers", Table: right, Key: []string{"c_custkey"}}, Connection: "my"},
		},
		Expectations: []spec.Expectation{{
			ID: "affordable", Dataset: "orders", Severity: spec.Error, OnNull: spec.NullSkip,
			Expect: diag.Text{Value: "row.o_totalprice <= customer.c_acctbal * 1000 && customer.c_name != row.o_clerk"},
			Joins: []spec.Join{{
				Alias: spec.Name{Value: "customer"}, Dataset: spec.Name{Value: "customers"}, Positional: true,
				Keys: []spec.JoinKey{{Value: diag.Text{Value: "row.o_custkey"}}},
			}},
		}},
	}
	rep, found := run.Run(b.Context(), s, run.Options{
		Now: time.Unix(0, 0), FailureRows: 10, Plan: plan.Options{JoinMemory: memory, TempDir: b.TempDir()},
		Open: func(ctx context.Context, c *spec.Connection) (connectors.Source, error) {
			if c.Name == "pg" {
				return postgres.Open(ctx, connectors.Config{Name: "pg", Params: map[string]string{"dsn": pg}})
			}
			return mysql.Open(ctx, connectors.Config{Name: "my", Params: map[string]string{"dsn": my}})
		},
	})
	if found.HasErrors() {
		return errors.New(found[0].Message)
	}
	e := rep.Expectations[0]
	switch {
	case e.Verdict == result.Error:
		return errors.New(e.Message)
	case e.Ran.Method != method:
		return fmt.Errorf("ran by %s: %v", e.Ran.Method, e.Ran.Reasons)
	case e.Counts.True+e.Counts.False+e.Orphans.Failing != rows || e.Counts.True == 0 || e.Counts.False == 0:
		return fmt.Errorf("%+v, %+v", *e.Counts, e.Orphans)
	}
	return nil
}
