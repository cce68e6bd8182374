package mysql

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/value"
)

// lookup finds rows of a target by their keys.
type lookup struct {
	d      dialect
	target connectors.Target
	keys   []*wire
	cols   []*wire
	dec    []decoder // of cols
	// unique says that the server lets no two rows have one key.
	unique bool
}

func newLookup(d dialect, op string, t connectors.Target) (*lookup, error) {
	l := &lookup{d: d, target: t}
	if len(t.Key) == 0 {
		return nil, wrong(connectors.Misconfigured, op, "no key names one of its rows")
	}
	for i, col := range slices.Concat(t.Key, t.Columns) {
		w, err := newWire(d, col)
		if err != nil {
			return nil, wrong(connectors.Misconfigured, op, "%w", err)
		}
		if i < len(t.Key) {
			if col.Type.Kind == value.JSON {
				return nil, wrong(connectors.Misconfigured, op, "column %s of type %s cannot be a key", col.Name, col.Native)
			}
			l.keys = append(l.keys, w)
			continue
		}
		dec, err := newDecoder(col)
		if err != nil {
			return nil, wrong(connectors.Misconfigured, op, "%w", err)
		}
		l.cols, l.dec = append(l.cols, w), append(l.dec, dec)
	}
	for _, k := range t.Relation.Schema.Constraints {
		if k.Kind != value.PrimaryKey && k.Kind != value.Unique {
			continue
		}
		all := true
		for _, name := range k.Columns {
			all = all && slices.ContainsFunc(t.Key, func(col value.Column) bool { return col.Name == name })
		}
		l.unique = l.unique || all
	}
	return l, nil
}

// table gathers the columns of JSON_TABLE.
type table struct {
	names []string
	wires []*wire
}

func (t *table) add(name string, w *wire) {
	t.names, t.wires = append(t.names, name), append(t.wires, w)
}

// from renders the rows as an item of FROM called u, whose column p counts them from 1.
func (t *table) from() string {
	var b strings.Builder
	b.WriteString("JSON_TABLE(?, '$[*]' COLUMNS (p FOR ORDINALITY")
	for i, w := range t.wires {
		b.WriteString(", " + t.names[i] + " " + w.decl + " PATH '$[" + strconv.Itoa(i) + "]' NULL ON EMPTY ERROR ON ERROR")
	}
	return b.String() + ")) AS u"
}

// keyTable is the table of keys alone: k0, k1, ...
func (l *lookup) keyTable() *table {
	t := &table{}
	for k, w := range l.keys {
		t.add("k"+strconv.Itoa(k), w)
	}
	return t
}

// keyed says that a row of the table t has the key of u.
func (l *lookup) keyed() string {
	conds := make([]string, len(l.keys))
	for k, w := range l.keys {
		conds[k] = w.keyed("u.k" + strconv.Itoa(k))
	}
	return strings.Join(conds, " AND ")
}

var errLarge = errors.New("the row is too large for the server's max_allowed_packet")

// document writes rows as JSON, at most packet octets of them, but one at least, of at most most, and returns how many it took.
func document(n, packet, most int, row func(b []byte, i int) ([]byte, error)) (doc string, took int, err error) {
	b := []byte{'['}
	for i := range n {
		start := len(b)
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = row(append(b, '['), i); err != nil {
			return "", i, err
		}
		b = append(b, ']')
		if i == 0 && len(b) > most {
			return "", 0, errLarge
		}
		if i > 0 && len(b) > packet {
			b = b[:start]
			break
		}
		took++
	}
	return string(append(b, ']')), took, nil
}

// appendRow appends values as the elements of an array.
func appendRow(b []byte, first bool, wires []*wire, values []value.Value) ([]byte, error) {
	var err error
	for i, w := range wires {
		if !first || i > 0 {
			b = append(b, ',')
		}
		if b, err = w.append(b, values[i]); err != nil {
			return b, err
		}
	}
	return b, nil
}

// rowsAtOnce is how many keys one statement looks up, and rowsPacket how long it may be.
const (
	rowsAtOnce = 5000
	rowsPacket = 1 << 20
	rowsMost   = 1 << 26
)

// selectRows renders the statement that reads the rows of as many of the keys as it takes from an item of FROM called t.
func (l *lookup) selectRows(from string, keys [][]value.Value, packet int) (statement, int, error) {
	t := l.keyTable()
	doc, took, err := document(min(len(keys), rowsAtOnce), packet, rowsMost, func(b []byte, i int) ([]byte, error) { return appendRow(b, true, l.keys, keys[i]) })
	if err != nil {
		return statement{}, 0, err
	}
	outs := []string{"u.p"}
	for _, w := range l.cols {
		outs = append(outs, w.output())
	}
	return statement{text: "SELECT " + strings.Join(outs, ", ") + "\nFROM " + t.from() + " STRAIGHT_JOIN " + from + " ON " + l.keyed(), args: []any{doc}}, took, nil
}

// Rows implements connectors.Corrector.
func (s *Source) Rows(ctx context.Context, t connectors.Target, keys [][]value.Value) ([]*connectors.Row, error) {
	op := "read " + datasetName(t.Relation.Dataset)
	l, err := newLookup(s.dialect(), op, t)
	if err != nil {
		return nil, err
	}
	from, err := s.from(t.Relation.Dataset)
	if err != nil {
		return nil, wrong(connectors.Misconfigured, op, "%w", err)
	}
	rows, err := l.rows(from, keys, rowsPacket, func(st statement, read func([]driver.Value) error) error { return s.collect(ctx, st, read) })
	if err != nil {
		return nil, wrap(op, err)
	}
	return rows, nil
}

// rows reads the rows of keys.
func (l *lookup) rows(from string, keys [][]value.Value, packet int, query func(statement, func([]driver.Value) error) error) ([]*connectors.Row, error) {
	out := make([]*connectors.Row, len(keys))
	for first := 0; first < len(keys); {
		st, took, err := l.selectRows(from, keys[first:], packet)
		if err != nil {
			return nil, err
		}
		err = query(st, func(cells []driver.Value) error {
			p, err := strconv.Atoi(text(cells[0]))
			if err != nil || p < 1 || p > took {
				return errors.New("the server miscounts the rows of JSON_TABLE")
			}
			at := first + p - 1
			if out[at] != nil {
				out[at].Many = true
				return nil
			}
			out[at], err = l.row(cells[1:])
			return err
		})
		if err != nil {
			return nil, err
		}
		first += took
	}
	return out, nil
}

// row decodes the cells of the target's columns.
func (l *lookup) row(cells []driver.Value) (*connectors.Row, error) {
	r := &connectors.Row{Values: make([]value.Value, len(cells))}
	var v value.Vector
	for i := range l.dec {
		v.Reset(l.dec[i].typ)
		if err := l.dec[i].append(&v, cells[i]); err != nil {
			return nil, err
		}
		r.Values[i] = v.Value(0)
		if v.IsErr(0) {
			if r.Errs == nil {
				r.Errs = make([]bool, len(cells))
			}
			r.Errs[i] = true
		}
	}
	return r, nil
}

// drain reads all rows of a result and closes it.
func drain(rows driver.Rows, read func([]driver.Value) error) error {
	row := make([]driver.Value, len(rows.Columns()))
	for {
		err := rows.Next(row)
		if errors.Is(err, io.EOF) {
			return rows.Close()
		}
		if err == nil {
			err = read(row)
		}
		if err != nil {
			_ = rows.Close()
			return err
		}
	}
}
