package elasticsearch

import (
	"encoding/json"
	"maps"
	"math"
	"strconv"
	"time"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// bound is a literal as the index of a field knows it. Indexing is monotone: a smaller value is never indexed as
// a larger one. So what is indexed below (above) the literal's own image is less (greater); only what shares
// its image needs more thought: rest and doubt say.
type bound struct {
	at0   any  // the image, as JSON
	low   any  // lowest and highest image that may be shared in doubt: at0 where the index is exact
	high  any  //
	side  int  // -1: the literal lies below all values of the type, 1: above all
	rest  int  // sign of literal minus image, where the index is exact
	nan   bool // no value is less, equal or greater
	lossy bool // values that share the image may lie on either side of the literal
	floor bool // an image is at or below its values (dates cut to milliseconds)
	class class
}

// The first and last instants that the dialect has: a date outside is a cell in error.
const (
	firstMilli, lastMilli = "0001-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z"
	dateFormatName        = "strict_date_optional_time"
	nanosFormatName       = "strict_date_optional_time_nanos"
)

// boundOf finds the image of a literal, or says why there is none.
func boundOf(f *field, v value.Value) (bound, string) {
	b := bound{class: f.class}
	switch f.class {
	case classKeyword:
		if v.Kind() == value.String {
			return b.image(v.Str()), ""
		}
	case classBool:
		if v.Kind() == value.Bool {
			return b.image(v.Bool()), ""
		}
	case classLong, classUint:
		b, why := b.integer(f.class, v)
		return b.within(f.typ), why
	case classDouble, classFloat:
		return b.double(f.class, v)
	case classMillis, classNanos:
		if v.Kind() == value.Timestamp {
			return b.instant(f.class, v.Time()), ""
		}
	}
	return b, "a literal of type " + v.Kind().String() + " beside a field of type " + f.typ
}

func (b bound) image(v any) bound {
	b.at0, b.low, b.high = v, v, v
	return b
}

// integer finds the greatest integer at or below a number; for a double, all integers that are equal to it when they
// are rounded to doubles, as CEL compares them.
func (b bound) integer(class class, v value.Value) (bound, string) {
	var d value.Dec
	switch v.Kind() {
	case value.Double:
		return b.besideDouble(class, v.Double()), ""
	case value.Int:
		d = value.DecFromInt(v.Int())
	case value.Uint:
		d = value.DecFromUint(v.Uint())
	case value.Decimal:
		d = v.Decimal()
	default:
		return b, "a literal of type " + v.Kind().String() + " beside an integer field"
	}
	low, high := value.DecFromInt(math.MinInt64), value.DecFromInt(math.MaxInt64)
	if class == classUint {
		low, high = value.DecFromInt(0), value.DecFromUint(math.MaxUint64)
	}
	switch {
	case d.Cmp(low) < 0:
		b.side = -1
		return b, ""
	case d.Cmp(high) > 0:
		b.side = 1
		return b, ""
	}
	frac, _ := d.Rem(value.DecFromInt(1))
	whole := d.Sub(frac)
	if frac.Sign() < 0 {
		whole = whole.Sub(value.DecFromInt(1))
	}
	b.rest = d.Cmp(whole)
	return b.image(json.Number(whole.String())), ""
}

// within moves a bound out of a narrower integer type to its end: the server refuses such a bound instead of finding all
// values below it.
func (b bound) within(typ string) bound {
	bits := map[string]uint{"integer": 32, "short": 16, "byte": 8}[typ]
	n, ok := b.at0.(json.Number)
	if bits == 0 || !ok {
		return b
	}
	at, err := n.Int64()
	switch last := int64(1)<<(bits-1) - 1; {
	case err != nil:
	case at > last:
		return bound{class: b.class, side: 1}
	case at < -last-1:
		return bound{class: b.class, side: -1}
	}
	return b
}

// besideDouble finds the integers that are equal to x as doubles.
func (b bound) besideDouble(class class, x float64) bound {
	if math.IsNaN(x) {
		b.nan = true
		return b
	}
	// Integers in their order, numbered from 0.
	asDouble := func(n uint64) float64 { return float64(n) }
	text := func(n uint64) json.Number { return json.Number(strconv.FormatUint(n, 10)) }
	if class == classLong {
		const first = 1 << 63                                                                           // the number of 0
		asDouble = func(n uint64) float64 { return float64(int64(n ^ first)) }                          // #nosec G115 -- the order's bijection
		text = func(n uint64) json.Number { return json.Number(strconv.FormatInt(int64(n^first), 10)) } // #nosec G115 -- likewise
	}
	switch {
	case asDouble(math.MaxUint64) < x:
		b.side = 1
		return b
	case asDouble(0) > x:
		b.side = -1
		return b
	}
	from := search(func(n uint64) bool { return asDouble(n) >= x })
	to := uint64(math.MaxUint64)
	if asDouble(to) > x {
		to = search(func(n uint64) bool { return asDouble(n) > x }) - 1
	}
	if from > to { // x lies between two integers
		b.rest = 1
		return b.image(text(to))
	}
	b.at0, b.low, b.high = text(from), text(from), text(to)
	return b
}

// search returns the first number for which f holds; f must hold for the last one and, once it does, for all that follow.
func search(f func(uint64) bool) uint64 {
	low, high := uint64(0), uint64(math.MaxUint64)
	for low < high {
		mid := low + (high-low)/2
		if f(mid) {
			high = mid
		} else {
			low = mid + 1
		}
	}
	return low
}

// double finds the double or float nearest to a number.
func (b bound) double(class class, v value.Value) (bound, string) {
	var x float64
	switch v.Kind() {
	case value.Double:
		x = v.Double()
	case value.Int:
		x = float64(v.Int()) // as CEL compares them
	case value.Uint:
		x = float64(v.Uint())
	case value.Decimal:
		x = v.Decimal().Float()
		if !math.IsInf(x, 0) {
			// A double that meets a decimal is taken at its shortest text.
			shortest, err := value.DecFromFloat(x)
			if err != nil {
				return b, "a number that is not finite"
			}
			b.rest = v.Decimal().Cmp(shortest)
		}
	default:
		return b, "a literal of type " + v.Kind().String() + " beside a number field"
	}
	switch {
	case math.IsNaN(x):
		b.nan = true
		return b, ""
	case math.IsInf(x, 1):
		b.side = 1
		return b, ""
	case math.IsInf(x, -1):
		b.side = -1
		return b, ""
	}
	if class == classDouble {
		low, high := x, x
		if x == 0 { // one number, two images: -0.0 is indexed below 0.0
			low, high = math.Copysign(0, -1), 0
		}
		b.at0, b.low, b.high = number(x), number(low), number(high)
		return b, ""
	}
	r := float32(x)
	if math.IsInf(float64(r), 0) {
		return b, "a number outside the range of float"
	}
	// The server may round the text of a number directly or through a double: the neighbours are in doubt too.
	lowest, highest := math.Nextafter32(r, float32(math.Inf(-1))), math.Nextafter32(r, float32(math.Inf(1)))
	if math.IsInf(float64(lowest), 0) || math.IsInf(float64(highest), 0) {
		return b, "a number outside the range of float"
	}
	b.lossy = true
	b.at0, b.low, b.high = number(float64(r)), number(float64(lowest)), number(float64(highest))
	return b, ""
}

// number writes a finite double so that the server reads the same.
func number(x float64) json.Number { return json.Number(strconv.FormatFloat(x, 'e', -1, 64)) }

// instant cuts an instant to the resolution of the field.
func (b bound) instant(class class, t time.Time) bound {
	if class == classNanos {
		// The field holds 1970 to 2262 only.
		first, last := time.Unix(0, 0), time.Unix(0, math.MaxInt64)
		switch {
		case t.Before(first):
			b.side = -1
			return b
		case t.After(last):
			b.side = 1
			return b
		}
		return b.image(t.UTC().Format("2006-01-02T15:04:05.000000000Z"))
	}
	cut := t.Truncate(time.Millisecond)
	b.floor, b.lossy = true, true
	if t.After(cut) {
		b.rest = 1
	}
	return b.image(cut.UTC().Format("2006-01-02T15:04:05.000Z"))
}

// doubt reports whether values that share the literal's image may lie on either side of it.
func (b bound) doubt(op query.Op) bool {
	if !b.lossy {
		return false
	}
	if b.floor && b.rest == 0 {
		// Values that share the image are at or after the literal.
		return op == query.OpGt || op == query.OpLe
	}
	return true
}

// rng is a range query on f, an exists query without bounds.
func (b bound) rng(f *field, bounds map[string]any) *clause {
	if len(bounds) == 0 {
		return existsClause(f.asked)
	}
	body := maps.Clone(bounds)
	switch b.class {
	case classMillis:
		body["format"] = dateFormatName
	case classNanos:
		body["format"] = nanosFormatName
	}
	return leaf("range", map[string]any{f.asked: body})
}

func (b bound) less(f *field) *clause {
	switch {
	case b.side < 0:
		return none()
	case b.side > 0:
		return b.rng(f, nil)
	}
	return b.rng(f, map[string]any{"lt": b.low})
}

func (b bound) more(f *field) *clause {
	switch {
	case b.side > 0:
		return none()
	case b.side < 0:
		return b.rng(f, nil)
	}
	return b.rng(f, map[string]any{"gt": b.high})
}

func (b bound) upTo(f *field) *clause { return b.rng(f, map[string]any{"lte": b.high}) }
func (b bound) from(f *field) *clause { return b.rng(f, map[string]any{"gte": b.low}) }

// at is the documents that share the image, nil where no image exists.
func (b bound) at(f *field) *clause {
	if b.side != 0 {
		return nil
	}
	return b.equal(f)
}

// equal is the documents that share the image.
func (b bound) equal(f *field) *clause {
	switch b.class {
	case classKeyword, classBool:
		return leaf("term", map[string]any{f.asked: b.at0})
	case classLong, classUint:
		if b.low == b.high {
			return leaf("term", map[string]any{f.asked: b.at0})
		}
	}
	return b.rng(f, map[string]any{"gte": b.low, "lte": b.high})
}
