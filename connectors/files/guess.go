package files

import (
	"github.com/assay-dev/assay/connectors/value"
)

// class is what a text could be.
type class uint16

const (
	classBool class = 1 << iota
	classInt
	classDecimal
	classDay
	classNaive // a date and a time without a zone
	classZoned
	classText
	classList // of JSON only, as are objects
	classObject
)

const (
	classNumber = classInt | classDecimal
	classTime   = classDay | classNaive | classZoned
)

// guess is what the cells of a column were so far.
type guess struct {
	classes class
	elems   class // of the elements of lists
}

// join takes over what another file's cells were.
func (g *guess) join(h guess) { g.classes, g.elems = g.classes|h.classes, g.elems|h.elems }

// classify says what a text of CSV is. It errs on the side of text: +1, 007, 1e5, .5, -, 12:30 and 1,5 are texts.
func classify(b []byte) class {
	if len(b) == 0 || len(b) > 200 {
		return classText
	}
	switch c := b[0]; {
	case c == '-' || c-'0' <= 9:
		if _, ok := parseInt(b, true); ok {
			return classInt
		}
		if plainNumber(b) {
			return classDecimal // or an integer that an int cannot hold
		}
		return classifyTime(b)
	default:
		if _, ok := parseBool(b, true); ok {
			return classBool
		}
	}
	return classText
}

// classifyTime says whether a text is a date or a timestamp.
func classifyTime(b []byte) class {
	m, ok := parseMoment(b)
	switch {
	case !ok:
		return classText
	case m.day:
		return classDay
	case m.zoned:
		return classZoned
	}
	return classNaive
}

// result is the type that a column of such cells has.
type result struct {
	typ value.Type
	day bool
	// naive says that the cells are times without a zone.
	naive bool
}

// result names the one type that all cells seen have; a column without any is text, in which every cell has a place.
func (g *guess) result() result {
	switch c := g.classes; {
	case c == 0:
		return result{typ: value.Of(value.String)}
	case c&(classList|classObject) != 0:
		return result{typ: g.document()}
	case c == classBool:
		return result{typ: value.Of(value.Bool)}
	case c == classInt:
		return result{typ: value.Of(value.Int)}
	case c&^classNumber == 0:
		return result{typ: value.Of(value.Decimal)}
	case c == classDay:
		return result{typ: value.Of(value.Timestamp), day: true}
	case c == classZoned:
		return result{typ: value.Of(value.Timestamp)}
	case c == classNaive:
		return result{typ: value.Of(value.LocalTimestamp), naive: true}
	}
	return result{typ: value.Of(value.String)}
}

// document is the type of a JSON column with lists or objects: lists of scalars of one type are lists, all else are documents.
func (g *guess) document() value.Type {
	if g.classes != classList {
		return value.Of(value.JSON)
	}
	switch e := g.elems; {
	case e == classText:
		return value.ListOf(value.Of(value.String))
	case e == classBool:
		return value.ListOf(value.Of(value.Bool))
	case e == classInt:
		return value.ListOf(value.Of(value.Int))
	case e != 0 && e&^classNumber == 0:
		return value.ListOf(value.Of(value.Decimal))
	}
	return value.Of(value.JSON)
}

// jsonResult is result for JSON, whose scalars tell texts from numbers and truth values: a column of several is one of documents.
func (g *guess) jsonResult() result {
	text, number, truth := g.classes&(classText|classTime) != 0, g.classes&classNumber != 0, g.classes&classBool != 0
	if text && number || text && truth || number && truth {
		return result{typ: value.Of(value.JSON)}
	}
	return g.result()
}
