package main

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/assay-dev/assay/connectors/connectortest"
)

// mostMemory is what a comparison's process may hold at its peak, in bytes, whatever the tables' size.
const mostMemory = 200 << 20

// TestDiffMemorySoak compares lineitem, whose key is composite, on PostgreSQL and MySQL at two sizes, equal and with a tenth of the rows
// different, and rows of a megabyte: the process's peak stays under 200 MB and does not grow with the table. 1.5 and 6 million rows
// under ASSAY_TEST_SOAK, a thirtieth of that by default.
func TestDiffMemorySoak(t *testing.T) {
	pg, my := connectortest.Postgres(t), connectortest.MySQL(t)
	tb := connectortest.TPCHLineitem()
	small, large := tb.Rows/120, tb.Rows/30
	if os.Getenv("ASSAY_TEST_SOAK") != "" {
		small, large = tb.Rows/4, tb.Rows
	}
	a := buildAssay(t)
	peaks := map[int]int64{}
	for _, rows := range []int{small, large} {
		left, right := connectortest.TPCHPostgres(t, pg, tb, rows), connectortest.TPCHMySQL(t, my, tb, rows)
		same := a.counts(t, pg+"#"+left, my+"#"+right, exitOK, fmt.Sprintf("%d identical", rows))
		changed := alter(t, my, "update "+right+" set l_tax = l_tax + 1 where l_orderkey % 10 = 1")
		if changed < int64(rows)/20 {
			t.Fatalf("only %d of %d rows were changed", changed, rows)
		}
		differ := a.counts(t, pg+"#"+left, my+"#"+right, exitFailed, fmt.Sprintf("%d changed, %d identical", changed, int64(rows)-changed))
		t.Logf("%d rows: peak %d MB, with %d rows different %d MB", rows, same>>20, changed, differ>>20)
		peaks[rows] = max(same, differ)
	}
	if grown := peaks[large] - peaks[small]; grown > 32<<20 {
		t.Errorf("the peak grows with the table by %d MB", grown>>20)
	}
}

// TestDiffWideRows compares rows of a megabyte, of which some differ in their last byte.
func TestDiffWideRows(t *testing.T) {
	pg, my := connectortest.Postgres(t), connectortest.MySQL(t)
	const rows = 200
	left, right := connectortest.Unique("wide"), connectortest.Unique("wide")
	alter(t, my, "create table "+right+" (id int primary key, body longtext)")
	t.Cleanup(func() { alter(t, my, "drop table "+right) })
	execPG := execAny(t, "pgx", pg)
	execPG("create table " + left + " (id int primary key, body text)")
	t.Cleanup(func() { execPG("drop table " + left) })
	execPG(fmt.Sprintf("insert into %s select i, repeat(left(encode(sha256(i::text::bytea), 'hex'), 32), 32768) from generate_series(1, %d) as i", left, rows))
	alter(t, my, fmt.Sprintf("insert into %s with recursive n(i) as (select 1 union all select i + 1 from n where i < %d) select i, repeat(left(sha2(i, 256), 32), 32768) from n", right, rows))
	alter(t, my, "update "+right+" set body = concat(substr(body, 1, 1048575), 'x') where id % 100 = 0")
	peak := buildAssay(t).counts(t, pg+"#"+left, my+"#"+right, exitFailed, fmt.Sprintf("2 changed, %d identical", rows-2))
	t.Logf("peak %d MB", peak>>20)
}

// counts compares, holds the exit code and the counts to what is wanted, and returns the peak of the process's memory in bytes.
func (a assayDiff) counts(t *testing.T, left, right string, code int, want string) int64 {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, a.bin, "diff", left, right)
	out, peak, err := runPeak(cmd)
	text := strings.ReplaceAll(string(out), ",", "")
	if exitOf(err) != code || !strings.Contains(text, strings.ReplaceAll(want, ",", "")) {
		t.Fatalf("exit %d, want %d and %q:\n%.2000s", exitOf(err), code, want, out)
	}
	if peak == 0 || peak > mostMemory {
		t.Errorf("the process held %d MB", peak>>20)
	}
	return peak
}

// alter executes a statement on MySQL and returns how many rows it touched.
func alter(t *testing.T, dsn, statement string) int64 {
	t.Helper()
	return execAny(t, "mysql", dsn)(statement)
}

func execAny(t *testing.T, driver, dsn string) func(string) int64 {
	t.Helper()
	return func(statement string) int64 {
		db, err := sql.Open(driver, dsn)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = db.Close() }() // a pool of one statement
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 10*time.Minute)
		defer cancel()
		res, err := db.ExecContext(ctx, statement)
		if err != nil {
			t.Fatalf("%.200s: %v", statement, err)
		}
		n, err := res.RowsAffected()
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
}
