package sqlite

import (
	"context"
	"database/sql/driver"
	"slices"
	"strings"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/sqlgen"
	"github.com/assay-dev/assay/connectors/value"
)

// lookup finds rows of a target by their keys. In its conditions the table is called u.
type lookup struct {
	d      dialect
	target connectors.Target
}

// native reports whether SQLite's own = finds all cells that are a value of the column, so that an index serves.
func native(col value.Column) bool {
	switch col.Type.Kind {
	case value.Bool, value.Int, value.Double, value.String, value.Bytes:
		return true
	default:
		return false
	}
}

// seeks reports whether the rows of a key are found by an index.
func (l *lookup) seeks() bool {
	all := true
	for _, col := range l.target.Key {
		all = all && native(col)
	}
	if all {
		return true // SQLite makes an index for the statement where there is none
	}
	for _, index := range slices.Concat(l.target.Relation.Schema.Indexes, [][]string{l.target.Relation.Schema.Key}) {
		for _, col := range l.target.Key {
			if len(index) > 0 && index[0] == col.Name && native(col) {
				return true
			}
		}
	}
	return false
}

// keyed says that a row of the table called u has a part of the key: once for the index, with the column's own collation and affinity, once exactly.
func (l *lookup) keyed(k int, col value.Column) string {
	v := "v.k" + itoa(k)
	if native(col) {
		return "u." + l.d.QuoteIdent(col.Name) + " = " + v + " AND " + l.is(col, v)
	}
	return l.cell(col) + " = " + v
}

// cell is the canonical form of a column's cell.
func (l *lookup) cell(col value.Column) string {
	return "assay_cell('" + string(letter(col.Type.Kind)) + "', " + quoteText(col.Zone) + ", u." + l.d.QuoteIdent(col.Name) + ")"
}

// is says that a cell is a value in canonical form, NULL for null: exactly, whatever the column's collation and affinity.
func (l *lookup) is(col value.Column, v string) string {
	cell := "u." + l.d.QuoteIdent(col.Name)
	class := func(classes string) string { return "typeof(" + cell + ") IN (" + classes + ", 'null') AND " }
	switch col.Type.Kind {
	case value.Int, value.Bool:
		return class("'integer'") + "+" + cell + " IS " + v
	case value.Double:
		return class("'real', 'integer'") + "CAST(" + cell + " AS REAL) IS " + v
	case value.String:
		return "+" + cell + " COLLATE BINARY IS " + v
	case value.Bytes:
		return "+" + cell + " IS " + v
	default:
		return "assay_is('" + string(letter(col.Type.Kind)) + "', " + quoteText(col.Zone) + ", " + cell + ", " + v + ")"
	}
}

// Rows implements connectors.Corrector.
func (s *source) Rows(ctx context.Context, t connectors.Target, keys [][]value.Value) ([]*connectors.Row, error) {
	op := "read " + nameOf(t.Relation.Dataset)
	from, err := sqlgen.From(s.d, t.Relation.Dataset, "u")
	if err != nil {
		return nil, refuse(connectors.Misconfigured, op, "%w", err)
	}
	l := &lookup{d: s.d, target: t}
	return l.rows(s.cells, from, keys, func(sql string, args []driver.Value) ([][]driver.Value, error) {
		list := make([]any, len(args))
		for i, a := range args {
			list[i] = a
		}
		return s.values(ctx, op, sql, list)
	})
}

// rows reads the rows with these keys from an item of FROM that is called u.
func (l *lookup) rows(z *zones, from string, keys [][]value.Value, query func(string, []driver.Value) ([][]driver.Value, error)) ([]*connectors.Row, error) {
	out := make([]*connectors.Row, len(keys))
	width := len(l.target.Key) + 1
	step := maxParams / width
	for first := 0; first < len(keys); first += step {
		some := keys[first:min(first+step, len(keys))]
		args := make([]driver.Value, 0, width*len(some))
		for i, key := range some {
			args = append(args, int64(first+i))
			for _, v := range key {
				args = append(args, encode(v))
			}
		}
		got, err := query(l.selectRows(from, len(some)), args)
		if err != nil {
			return nil, err
		}
		for _, cells := range got {
			i := number64(cells[0])
			if out[i] != nil {
				out[i].Many = true
				continue
			}
			out[i] = l.row(z, cells[1:])
		}
	}
	return out, nil
}

// selectRows renders the statement that finds the rows of n keys.
func (l *lookup) selectRows(from string, n int) string {
	cols := []string{"p"}
	var conds []string
	for k, col := range l.target.Key {
		cols, conds = append(cols, "k"+itoa(k)), append(conds, l.keyed(k, col))
	}
	outs := []string{"v.p"}
	for _, col := range l.target.Columns {
		outs = append(outs, "+u."+l.d.QuoteIdent(col.Name))
	}
	return values(cols, n) + "SELECT " + strings.Join(outs, ", ") + "\nFROM " + l.join(from) + "\nWHERE " + strings.Join(conds, " AND ")
}

// values begins a statement with n rows of parameters called v.
func values(cols []string, n int) string {
	row := "(" + strings.TrimSuffix(strings.Repeat("?, ", len(cols)), ", ") + ")"
	return "WITH v(" + strings.Join(cols, ", ") + ") AS (VALUES " + strings.TrimSuffix(strings.Repeat(row+", ", n), ", ") + ")\n"
}

// join joins v with the table. CROSS JOIN keeps the order: by the index where there is one, else through the table once.
func (l *lookup) join(from string) string {
	if l.seeks() {
		return "v CROSS JOIN " + from
	}
	return from + " CROSS JOIN v"
}

// row decodes the cells of the target's columns.
func (l *lookup) row(z *zones, cells []driver.Value) *connectors.Row {
	r := &connectors.Row{Values: make([]value.Value, len(cells))}
	for i, col := range l.target.Columns {
		if cells[i] == nil {
			continue
		}
		v, ok := z.decodeCell(letter(col.Type.Kind), col.Zone, cells[i])
		if !ok {
			if r.Errs == nil {
				r.Errs = make([]bool, len(cells))
			}
			r.Errs[i] = true
			continue
		}
		r.Values[i] = v
	}
	return r
}

func quoteText(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
