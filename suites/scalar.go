package suites

import (
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/assay-dev/assay/expectations/diag"
)

// cursor is a place in a file's lines, both from 0.
type cursor struct{ line, col int }

// scalarText is a scalar's value with the place of each of its code points, and where its text ends in the file.
type scalarText struct {
	value  string
	places []cursor // one for each code point and one for the end
	start  cursor   // behind tag and anchor
	end    cursor
}

// at makes a span of a line (from 1).
func (f *file) at(line, col, n int) diag.Span {
	return diag.Span{Pos: diag.Pos{File: f.name, Line: line, Col: col}, Len: n}
}

// span returns where a node stands: a scalar's own text on its first line, the first key of a block map.
func (f *file) span(n *yaml.Node) diag.Span {
	if n.Line < 1 || n.Line > len(f.lines) {
		return wholeFile(f.name)
	}
	if n.Kind != yaml.ScalarNode {
		if n.Kind == yaml.MappingNode && n.Style&yaml.FlowStyle == 0 && len(n.Content) > 0 && n.Content[0].Kind == yaml.ScalarNode {
			return f.span(n.Content[0])
		}
		if n.Kind == yaml.AliasNode {
			return f.at(n.Line, n.Column, 1+utf8.RuneCountInString(n.Value))
		}
		return f.at(n.Line, n.Column, 1)
	}
	s, ok := f.scalar(n)
	if !ok {
		return f.at(n.Line, n.Column, 1)
	}
	end := s.end.col
	if s.end.line != s.start.line {
		end = len(f.lines[s.start.line])
	}
	return f.at(s.start.line+1, s.start.col+1, max(end-s.start.col, 1))
}

// text returns a scalar as a text that remembers its places.
func (f *file) text(n *yaml.Node) diag.Text {
	t := diag.Text{Value: n.Value, File: f.name, Origin: f.span(n)}
	if s, ok := f.scalar(n); ok {
		t.Places = make([]diag.Pos, len(s.places))
		for i, c := range s.places {
			t.Places[i] = diag.Pos{File: f.name, Line: c.line + 1, Col: c.col + 1}
		}
	}
	return trimBreaks(unescapeDollar(t))
}

// trimBreaks drops the line breaks that a block scalar ends with.
func trimBreaks(t diag.Text) diag.Text {
	v := strings.TrimRight(t.Value, "\n")
	if cut := len(t.Value) - len(v); cut > 0 && len(t.Places) > cut {
		t.Places = t.Places[:len(t.Places)-cut]
	}
	t.Value = v
	return t
}

// unescapeDollar turns $${ into ${.
func unescapeDollar(t diag.Text) diag.Text {
	if !strings.Contains(t.Value, "$${") {
		return t
	}
	var b strings.Builder
	var places []diag.Pos
	rs := []rune(t.Value)
	for i, r := range rs {
		if r == '$' && i+2 < len(rs) && rs[i+1] == '$' && rs[i+2] == '{' {
			continue
		}
		b.WriteRune(r)
		if len(t.Places) == len(rs)+1 {
			places = append(places, t.Places[i])
		}
	}
	if len(t.Places) == len(rs)+1 {
		places = append(places, t.Places[len(rs)])
	}
	t.Value, t.Places = b.String(), places
	return t
}

// scalar reads a scalar's text anew from the file's lines, to learn where each code point stands. The parser's value is the
// truth: where the two differ it returns false.
func (f *file) scalar(n *yaml.Node) (scalarText, bool) {
	w := walker{lines: f.lines, at: cursor{line: n.Line - 1, col: n.Column - 1}}
	if !w.skipProperties() {
		return scalarText{}, false
	}
	start := w.at
	var ok bool
	switch c, _ := w.peek(); {
	case n.Value == "" && n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) == 0:
		ok = true
	case n.Style&yaml.DoubleQuotedStyle != 0:
		ok = c == '"' && w.doubleQuoted()
	case n.Style&yaml.SingleQuotedStyle != 0:
		ok = c == '\'' && w.singleQuoted()
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		ok = w.block(n.Style&yaml.FoldedStyle != 0, n.Value)
	default:
		ok = w.plain(n.Value)
	}
	if !ok || string(w.value) != n.Value {
		return scalarText{}, false
	}
	if len(w.places) == len(w.value) {
		w.places = append(w.places, w.at)
	}
	return scalarText{value: n.Value, places: w.places, start: start, end: w.at}, true
}

// walker reads a scalar from lines.
type walker struct {
	lines  [][]rune
	at     cursor
	value  []rune
	places []cursor
	// lastLine is the line, counted from 1, of which last is the end without trailing blanks.
	lastLine, last int
}

// peek returns the rune at the cursor, false at the end of a line.
func (w *walker) peek() (rune, bool) {
	if w.at.line < 0 || w.at.line >= len(w.lines) || w.at.col < 0 || w.at.col >= len(w.lines[w.at.line]) {
		return 0, false
	}
	return w.lines[w.at.line][w.at.col], true
}

func (w *walker) emit(r rune, at cursor) {
	w.value = append(w.value, r)
	w.places = append(w.places, at)
}

func isBlank(r rune) bool { return r == ' ' || r == '\t' }

func (w *walker) skipBlanks() {
	for {
		r, ok := w.peek()
		if !ok || !isBlank(r) {
			return
		}
		w.at.col++
	}
}

// skipProperties passes an anchor and a tag.
func (w *walker) skipProperties() bool {
	if w.at.line < 0 || w.at.line >= len(w.lines) {
		return false
	}
	for {
		r, ok := w.peek()
		if !ok || r != '&' && r != '!' {
			return true
		}
		for ok && !isBlank(r) {
			w.at.col++
			r, ok = w.peek()
		}
		w.skipBlanks()
		for _, ok = w.peek(); !ok && w.at.line+1 < len(w.lines); _, ok = w.peek() {
			w.at = cursor{line: w.at.line + 1}
			w.skipBlanks()
		}
	}
}

// restBlank reports whether only blanks follow on the line.
func (w *walker) restBlank() bool {
	if w.lastLine != w.at.line+1 {
		line := w.lines[w.at.line]
		w.lastLine, w.last = w.at.line+1, len(line)
		for w.last > 0 && isBlank(line[w.last-1]) {
			w.last--
		}
	}
	return w.at.col >= w.last
}

// fold passes the end of a line, the empty lines behind it and the next line's indentation: one line break is a blank,
// more are one less line breaks. An escaped break (in double quotes) is itself nothing.
func (w *walker) fold(escaped bool) bool {
	here := w.at
	breaks := 0
	for {
		if w.at.line+1 >= len(w.lines) {
			return false
		}
		w.at = cursor{line: w.at.line + 1}
		breaks++
		w.skipBlanks()
		if _, ok := w.peek(); ok {
			break
		}
	}
	switch {
	case breaks == 1 && !escaped:
		w.emit(' ', here)
	default:
		for i := 1; i < breaks; i++ {
			w.emit('\n', cursor{line: here.line + i})
		}
	}
	return true
}

// plain reads a scalar without quotes, led by its value, since what ends one depends on its surroundings.
func (w *walker) plain(value string) bool {
	want := []rune(value)
	for len(w.value) < len(want) {
		if w.restBlank() {
			n := len(w.value)
			if !w.fold(false) || len(w.value) > len(want) || string(want[n:len(w.value)]) != string(w.value[n:]) {
				return false
			}
			continue
		}
		r, _ := w.peek()
		if r != want[len(w.value)] {
			return false
		}
		w.emit(r, w.at)
		w.at.col++
	}
	return true
}

func (w *walker) singleQuoted() bool {
	w.at.col++
	for {
		if w.restBlank() {
			if !w.fold(false) {
				return false
			}
			continue
		}
		r, _ := w.peek()
		if r != '\'' {
			w.emit(r, w.at)
			w.at.col++
			continue
		}
		line := w.lines[w.at.line]
		if w.at.col+1 < len(line) && line[w.at.col+1] == '\'' {
			w.emit('\'', w.at)
			w.at.col += 2
			continue
		}
		w.places = append(w.places, w.at)
		w.at.col++
		return true
	}
}

func (w *walker) doubleQuoted() bool {
	w.at.col++
	for {
		if w.restBlank() {
			if !w.fold(false) {
				return false
			}
			continue
		}
		r, _ := w.peek()
		switch r {
		case '"':
			w.places = append(w.places, w.at)
			w.at.col++
			return true
		case '\\':
			if !w.escape() {
				return false
			}
		default:
			w.emit(r, w.at)
			w.at.col++
		}
	}
}

// escape reads one escape of a text in double quotes.
func (w *walker) escape() bool {
	here := w.at
	w.at.col++
	r, ok := w.peek()
	if !ok {
		return w.fold(true)
	}
	w.at.col++
	var digits int
	switch r {
	case 'x':
		digits = 2
	case 'u':
		digits = 4
	case 'U':
		digits = 8
	default:
		v, known := simpleEscapes[r]
		w.emit(v, here)
		return known
	}
	var v rune
	for range digits {
		d, ok := w.peek()
		x := strings.IndexRune("0123456789abcdef", toLower(d))
		if !ok || x < 0 {
			return false
		}
		v = v<<4 | rune(x) //nolint:gosec // 0 to 15
		w.at.col++
	}
	w.emit(v, here)
	return true
}

func toLower(r rune) rune {
	if r >= 'A' && r <= 'F' {
		return r + 'a' - 'A'
	}
	return r
}

var simpleEscapes = map[rune]rune{
	'0': 0, 'a': 7, 'b': 8, 't': 9, '\t': 9, 'n': 10, 'v': 11, 'f': 12, 'r': 13, 'e': 27, ' ': ' ', '"': '"', '\'': '\'',
	'/': '/', '\\': '\\', 'N': 0x85, '_': 0xa0, 'L': 0x2028, 'P': 0x2029,
}

// block reads a literal or folded block. Its indentation is that of its first line unless its header
// says otherwise; then every possible one is tried against the value.
func (w *walker) block(folded bool, want string) bool {
	header := w.at
	explicit := false
	for i, r := range w.lines[header.line][header.col:] {
		if r == '#' || isBlank(r) {
			break
		}
		explicit = explicit || i > 0 && r >= '1' && r <= '9'
	}
	first := header.line + 1
	for first < len(w.lines) && blank(w.lines[first]) {
		first++
	}
	if first >= len(w.lines) {
		return strings.Trim(want, "\n") == "" && w.breaksOnly(want, header)
	}
	deepest := indentation(w.lines[first])
	shallowest := deepest
	if explicit {
		shallowest = 1
	}
	for indent := deepest; indent >= shallowest; indent-- {
		try := walker{lines: w.lines, at: cursor{line: header.line + 1}}
		try.blockLines(indent, folded)
		try.chomp(want)
		if string(try.value) == want {
			*w = try
			return true
		}
	}
	return false
}

// breaksOnly accepts a block without text.
func (w *walker) breaksOnly(want string, at cursor) bool {
	for range want {
		w.emit('\n', at)
	}
	return true
}

// blockLines reads the lines of a block, all its line breaks included.
func (w *walker) blockLines(indent int, folded bool) {
	moreBefore, pending := false, []cursor(nil) // line breaks not yet written
	for ; w.at.line < len(w.lines); w.at.line++ {
		line := w.lines[w.at.line]
		if blank(line) && len(line) <= indent {
			pending = append(pending, cursor{line: w.at.line, col: len(line)})
			continue
		}
		if indentation(line) < indent {
			break
		}
		more := isBlank(line[indent])
		switch {
		case len(w.value) == 0: // leading empty lines
			w.breaks(pending)
		case folded && !moreBefore && !more && len(pending) == 1:
			w.emit(' ', pending[0])
		case folded && !moreBefore && !more:
			w.breaks(pending[1:])
		default:
			w.breaks(pending)
		}
		for i, r := range line[indent:] {
			w.emit(r, cursor{line: w.at.line, col: indent + i})
		}
		moreBefore = more
		pending = []cursor{{line: w.at.line, col: len(line)}}
	}
	w.breaks(pending)
	if w.at.line >= len(w.lines) {
		w.at.line = len(w.lines) - 1
	}
	w.at.col = 0
}

func (w *walker) breaks(at []cursor) {
	for _, c := range at {
		w.emit('\n', c)
	}
}

// chomp drops the trailing line breaks that the header's chomping did not keep.
func (w *walker) chomp(want string) {
	n := len([]rune(want))
	for len(w.value) > n && w.value[len(w.value)-1] == '\n' {
		w.value, w.places = w.value[:len(w.value)-1], w.places[:len(w.places)-1]
	}
}
