package connectortest

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"
)

// floorColumn is what a floor program decodes cells into: integers, hundredths, days and bytes, the cheapest types that hold them.
type floorColumn struct {
	ints []int64
	text []byte
	offs []int
}

// floorBatch is the number of rows that a floor program decodes before it starts over, as any reader in constant memory must.
const floorBatch = 4096

// FloorPostgres reads a TPC-H table whole through pgx in the binary format, in no order, and decodes every cell into a
// typed column. It does nothing else: it is what any program must spend that reads the table with this driver. It returns the row count.
func FloorPostgres(ctx context.Context, dsn, table string, tb *TPCHTable) (int64, error) {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return 0, fmt.Errorf("floor: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	reader := conn.PgConn().ExecParams(ctx, "select "+tb.names()+" from "+table, nil, nil, nil, []int16{1})
	kinds := tb.kinds()
	cols := make([]floorColumn, len(kinds))
	var n int64
	for reader.NextRow() {
		if n%floorBatch == 0 {
			clearFloor(cols)
		}
		for i, cell := range reader.Values() {
			c := &cols[i]
			switch {
			case cell == nil:
				c.ints = append(c.ints, 0)
			case kinds[i] == "int":
				if len(cell) == 8 {
					c.ints = append(c.ints, int64(binary.BigEndian.Uint64(cell)))
				} else {
					c.ints = append(c.ints, int64(int32(binary.BigEndian.Uint32(cell))))
				}
			case kinds[i] == "decimal":
				c.ints = append(c.ints, floorNumeric(cell))
			case kinds[i] == "date":
				c.ints = append(c.ints, int64(int32(binary.BigEndian.Uint32(cell))))
			default:
				c.text = append(c.text, cell...)
				c.offs = append(c.offs, len(c.text))
			}
		}
		n++
	}
	if _, err := reader.Close(); err != nil {
		return n, fmt.Errorf("floor: %w", err)
	}
	return n, nil
}

// floorNumeric decodes PostgreSQL's binary numeric of at most two digits after the point into hundredths.
func floorNumeric(b []byte) int64 {
	digits := int(binary.BigEndian.Uint16(b))
	weight := int(int16(binary.BigEndian.Uint16(b[2:])))
	v := int64(0)
	for i := range digits {
		v = v*10_000 + int64(binary.BigEndian.Uint16(b[8+2*i:]))
	}
	for i := digits - 1; i < weight; i++ {
		v *= 10_000
	}
	switch digits - 1 - weight { // digits of base 10,000 after the point
	case 0:
		v *= 100
	case 1:
		v /= 100
	}
	if b[4] == 0x40 {
		v = -v
	}
	return v
}

// FloorMySQL does the same through go-sql-driver's text protocol and sql.RawBytes.
func FloorMySQL(ctx context.Context, dsn, table string, tb *TPCHTable) (n int64, err error) {
	db, err := sql.Open("mysql", dsn)
	if err != nil {
		return 0, fmt.Errorf("floor: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	rows, err := db.QueryContext(ctx, "select "+tb.names()+" from "+table)
	if err != nil {
		return 0, fmt.Errorf("floor: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	kinds := tb.kinds()
	cols := make([]floorColumn, len(kinds))
	cells := make([]sql.RawBytes, len(kinds))
	dest := make([]any, len(kinds))
	for i := range cells {
		dest[i] = &cells[i]
	}
	for rows.Next() {
		if n%floorBatch == 0 {
			clearFloor(cols)
		}
		if err := rows.Scan(dest...); err != nil {
			return n, fmt.Errorf("floor: %w", err)
		}
		for i, cell := range cells {
			c := &cols[i]
			switch {
			case cell == nil:
				c.ints = append(c.ints, 0)
			case kinds[i] == "text":
				c.text = append(c.text, cell...)
				c.offs = append(c.offs, len(c.text))
			default:
				v, err := floorText(kinds[i], cell)
				if err != nil {
					return n, err
				}
				c.ints = append(c.ints, v)
			}
		}
		n++
	}
	if err := rows.Err(); err != nil {
		return n, fmt.Errorf("floor: %w", err)
	}
	return n, nil
}

// floorText decodes MySQL's text of an integer, a decimal of two digits after the point (into hundredths) or a date.
func floorText(kind string, cell []byte) (int64, error) {
	switch kind {
	case "date":
		var part [3]int
		for i, p := range [3][]byte{cell[:4], cell[5:7], cell[8:10]} {
			for _, c := range p {
				part[i] = part[i]*10 + int(c-'0')
			}
		}
		return time.Date(part[0], time.Month(part[1]), part[2], 0, 0, 0, 0, time.UTC).Unix() / 86400, nil
	default:
		v, neg := int64(0), false
		for _, c := range cell {
			switch {
			case c == '-':
				neg = true
			case c == '.':
			case c >= '0' && c <= '9':
				v = v*10 + int64(c-'0')
			default:
				return 0, fmt.Errorf("floor: not a number: %s", strconv.Quote(string(cell)))
			}
		}
		if neg {
			v = -v
		}
		return v, nil
	}
}

func clearFloor(cols []floorColumn) {
	for i := range cols {
		cols[i].ints, cols[i].text, cols[i].offs = cols[i].ints[:0], cols[i].text[:0], cols[i].offs[:0]
	}
}

// FloorBoth runs two readers at the same time and checks that each saw the wanted number of rows.
func FloorBoth(ctx context.Context, want int64, readers ...func(context.Context) (int64, error)) error {
	g, ctx := errgroup.WithContext(ctx)
	for _, r := range readers {
		g.Go(func() error {
			n, err := r(ctx)
			if err == nil && n != want {
				return fmt.Errorf("floor: %d rows, not %d", n, want)
			}
			return err
		})
	}
	return g.Wait() //nolint:wrapcheck // said above
}

func (t *TPCHTable) names() string {
	var out []string
	for _, c := range t.Columns {
		out = append(out, c.Name)
	}
	return strings.Join(out, ", ")
}

// kinds are "int", "decimal", "date" or "text" for each column.
func (t *TPCHTable) kinds() []string {
	var out []string
	for _, c := range t.Columns {
		switch base, _, _ := strings.Cut(c.Type, "("); base {
		case "bigint", "int":
			out = append(out, "int")
		case "decimal", "date":
			out = append(out, base)
		default:
			out = append(out, "text")
		}
	}
	return out
}
