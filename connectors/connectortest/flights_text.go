package connectortest

import "strconv"

// The functions below write seven million cells for every store. They touch nothing but their arguments, and are kept out of race
// detection for the time that it costs them.

// flightsText writes rows in the text format that COPY and LOAD DATA share: tabs, line breaks, \N for null. No tab, line break or
// backslash occurs in the data.
//
//go:norace
func flightsText(rows [][]*string) []byte {
	b := make([]byte, 0, 128*len(rows))
	for _, row := range rows {
		for i, c := range row {
			if i > 0 {
				b = append(b, '\t')
			}
			if c == nil {
				b = append(b, `\N`...)
			} else {
				b = append(b, *c...)
			}
		}
		b = append(b, '\n')
	}
	return b
}

// flightsInsert writes rows as one INSERT into the table flights. No quote occurs in the data.
//
//go:norace
func flightsInsert(rows [][]*string) string {
	cols := FlightColumns()
	b := append(make([]byte, 0, 160*len(rows)), "insert into flights values "...)
	for r, row := range rows {
		if r > 0 {
			b = append(b, ',')
		}
		for i, c := range row {
			if i == 0 {
				b = append(b, '(')
			} else {
				b = append(b, ',')
			}
			switch {
			case c == nil:
				b = append(b, "null"...)
			case cols[i].Kind == "int":
				b = append(b, *c...)
			default:
				b = append(append(append(b, '\''), *c...), '\'')
			}
		}
		b = append(b, ')')
	}
	return string(b)
}

// flightsBulk writes rows as the lines of a bulk request, the _id being the id. A null is a missing field.
//
//go:norace
func flightsBulk(rows [][]*string) []byte {
	cols := FlightColumns()
	b := make([]byte, 0, 400*len(rows))
	for _, row := range rows {
		b = append(append(append(b, `{"index":{"_id":"`...), *row[0]...), "\"}}\n"...)
		b = flightJSON(b, cols, row, 'T')
	}
	return b
}

// flightJSON appends a flight as a JSON line, nulls as missing keys. zone is 'T' where times are to be instants of UTC, as RFC 3339 writes
// them, and 0 where they stay as they are.
//
//go:norace
func flightJSON(b []byte, cols []FlightColumn, row []*string, zone byte) []byte {
	b = append(b, '{')
	start := len(b)
	for i, c := range cols {
		if row[i] == nil {
			continue
		}
		if len(b) > start {
			b = append(b, ',')
		}
		b = append(strconv.AppendQuote(b, c.Name), ':')
		switch {
		case c.Kind == "int":
			b = append(b, *row[i]...)
		case c.Kind == "time" && zone != 0:
			b = append(b, '"')
			at := len(b)
			b = append(b, *row[i]...)
			b[at+len("2006-01-02")] = zone
			b = append(b, `Z"`...)
		default:
			b = strconv.AppendQuote(b, *row[i])
		}
	}
	return append(b, "}\n"...)
}
