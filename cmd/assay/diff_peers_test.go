package main

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"

	"github.com/assay-dev/assay/connectors/connectortest"
)

// BenchmarkPeerReladiff compares orders on PostgreSQL with orders on MariaDB, the whole process against reladiff of PyPI with every column
// named. It needs ASSAY_PEERS, the folder of reladiff's program: make bench-peers installs it. reladiff does not work on MySQL 9.6 and later, which has no MD5.
func BenchmarkPeerReladiff(b *testing.B) {
	dir := os.Getenv("ASSAY_PEERS")
	if dir == "" {
		b.Skip("ASSAY_PEERS names no folder: make bench-peers")
	}
	tb := connectortest.TPCHOrders()
	rows := benchRows(b, tb)
	pg, maria := connectortest.Postgres(b), connectortest.MariaDB(b)
	left, right := connectortest.TPCHPostgres(b, pg, tb, rows), connectortest.TPCHMySQL(b, maria, tb, rows)
	want := plant(b, rows, execSQL(b, "mysql", maria, right))
	c, err := mysql.ParseDSN(maria)
	if err != nil {
		b.Fatal(err)
	}
	theirs := url.URL{Scheme: "mysql", User: url.UserPassword(c.User, c.Passwd), Host: c.Addr, Path: "/" + c.DBName}
	source := "postgresql" + strings.TrimPrefix(pg, "postgres") // the only name of the scheme that it knows
	args := []string{source, left, theirs.String(), right, "-k", tb.Key[0], "--json"}
	for _, col := range tb.Columns[1:] {
		args = append(args, "-c", col.Name)
	}
	a := buildAssay(b)
	for b.Loop() {
		connectortest.Versus(b, "reladiff", func() error {
			_, err := a.run(b.Context(), want, pg+"#"+left, maria+"#"+right)
			return err
		}, func() error { return peer(b.Context(), filepath.Join(dir, "reladiff"), args...) })
	}
}

// peer runs another tool. Which differences it finds is its own affair, but some it must: it ends with 0 where it did nothing at all, too.
func peer(ctx context.Context, program string, args ...string) error {
	cmd := exec.CommandContext(ctx, program, args...)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil || !bytes.Contains(out, []byte(`["-"`)) || !bytes.Contains(out, []byte(`["+"`)) {
		return fmt.Errorf("%s: %w\n%.1000s\n%.1000s", program, err, out, said.Bytes())
	}
	return nil
}
