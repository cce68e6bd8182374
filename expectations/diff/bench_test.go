package diff_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/elasticsearch"
	"github.com/assay-dev/assay/connectors/mysql"
	"github.com/assay-dev/assay/connectors/postgres"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/diff"
)

// benchRows is the size of the tables: ASSAY_BENCH_ROWS, or 100,000.
func benchRows() int {
	if n, err := strconv.Atoi(os.Getenv("ASSAY_BENCH_ROWS")); err == nil && n > 0 {
		return n
	}
	return 100_000
}

func openBench(b *testing.B, o connectors.Opener, params map[string]string) connectors.Source {
	b.Helper()
	s, err := o(b.Context(), connectors.Config{Name: "bench", Params: params})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	return s
}

func benchmark(b *testing.B, left, right diff.Side) {
	b.Helper()
	s := align(b, left, right, diff.AlignOptions{})
	b.Run("diff", func(b *testing.B) {
		b.ReportAllocs()
		for range b.N {
			res, err := diff.Run(b.Context(), s, nil, nil)
			if err != nil {
				b.Fatal(err)
			}
			if res.Counts.Identical != int64(benchRows()) {
				b.Fatalf("%+v", res.Counts)
			}
		}
	})
	b.Run("read both in order", func(b *testing.B) {
		for range b.N {
			readBoth(b, &s, true)
		}
	})
	b.Run("read both", func(b *testing.B) {
		for range b.N {
			readBoth(b, &s, false)
		}
	})
}

// readBoth only reads what a comparison reads.
func readBoth(b *testing.B, s *diff.Spec, ordered bool) {
	b.Helper()
	read := func(side diff.Side, pick func(diff.Column) *query.Column) error {
		q := query.Select{From: side.Relation, OrderByKey: ordered}
		q.From.Dataset.Key = nil
		for _, c := range s.Key {
			q.Columns = append(q.Columns, pick(c))
			q.From.Dataset.Key = append(q.From.Dataset.Key, pick(c).Col.Name)
		}
		for _, c := range s.Columns {
			q.Columns = append(q.Columns, pick(c))
		}
		rows, err := side.Source.Select(b.Context(), q)
		if err != nil {
			return err
		}
		n := 0
		for {
			batch, err := rows.Next(context.Background())
			if err != nil || batch == nil {
				if n != benchRows() {
					err = errors.Join(err, errors.New("too few rows"))
				}
				return errors.Join(err, rows.Close())
			}
			n += batch.N
		}
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := read(s.Left, func(c diff.Column) *query.Column { return c.Left }); err != nil {
			b.Error(err)
		}
	})
	wg.Go(func() {
		if err := read(s.Right, func(c diff.Column) *query.Column { return c.Right }); err != nil {
			b.Error(err)
		}
	})
	wg.Wait()
}

func BenchmarkOrders(b *testing.B) {
	tb := connectortest.TPCHOrders()
	pg, my := connectortest.Postgres(b), connectortest.MySQL(b)
	left := side(b, openBench(b, postgres.Open, map[string]string{"dsn": pg}), query.Dataset{Name: "orders", Table: connectortest.TPCHPostgres(b, pg, tb, benchRows())})
	right := side(b, openBench(b, mysql.Open, map[string]string{"dsn": my}), query.Dataset{Name: "orders", Table: connectortest.TPCHMySQL(b, my, tb, benchRows())})
	benchmark(b, left, right)
}

// BenchmarkElasticsearch compares an index with a table: of types that every build of the server has.
func BenchmarkElasticsearch(b *testing.B) {
	tb := connectortest.Table{Name: "bench", Key: []string{"k"}, Columns: []connectortest.Column{
		{Name: "k", Type: value.Of(value.Int), NotNull: true},
		{Name: "n", Type: value.Of(value.Int)},
		{Name: "x", Type: value.Of(value.Double)},
		{Name: "at", Type: value.Of(value.Timestamp)},
		{Name: "s", Type: value.Of(value.String)},
		{Name: "t", Type: value.Of(value.String)},
	}}
	for i := range benchRows() {
		tb.Rows = append(tb.Rows, []connectortest.Cell{
			{Value: value.IntValue(int64(i) * 4)},
			{Value: value.IntValue(int64(i) % 150_000)},
			{Value: value.DoubleValue(float64(i) / 100)},
			{Value: value.TimestampValue(time.Unix(int64(i)*1000, 0))},
			{Value: value.StringValue("Clerk#000000" + strconv.Itoa(i%1000))},
			{Value: value.StringValue("furiously special requests nag " + strconv.Itoa(i))},
		})
	}
	if os.Getenv("ASSAY_BENCH_SHUFFLE") != "" {
		rand.New(rand.NewPCG(1, 1)).Shuffle(len(tb.Rows), func(i, j int) { tb.Rows[i], tb.Rows[j] = tb.Rows[j], tb.Rows[i] })
	}
	pg, es := connectortest.Postgres(b), connectortest.Elasticsearch(b)
	left := side(b, openBench(b, postgres.Open, map[string]string{"dsn": pg}), connectortest.LoadPostgres(b, pg, tb))
	right := side(b, openBench(b, elasticsearch.Open, map[string]string{"url": es}), connectortest.LoadElasticsearch(b, es, tb))
	benchmark(b, left, right)
}
