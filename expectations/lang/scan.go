package lang

import "unicode"

// tokens is what a scan of CEL text tells: where each token ends and which bracket
// closes which. Positions are code points.
type tokens struct {
	src   []rune
	end   map[int]int // token start -> its end
	start map[int]int // token end -> its start
	pair  map[int]int // opening bracket -> closing one and back
	// group holds opening parentheses that group (they follow no name).
	group map[int]bool
	// order are the starts of all tokens.
	order []int
	index map[int]int
}

// scan reads src without judging it: text that does not parse yields some tokens.
func scan(src []rune) *tokens {
	t := &tokens{
		src: src, end: map[int]int{}, start: map[int]int{}, pair: map[int]int{},
		group: map[int]bool{}, index: map[int]int{},
	}
	var open []int
	name := false // the last token is something that may be called
	for i := 0; i < len(src); {
		c := src[i]
		if unicode.IsSpace(c) {
			i++
			continue
		}
		if c == '/' && i+1 < len(src) && src[i+1] == '/' {
			for i < len(src) && src[i] != '\n' {
				i++
			}
			continue
		}
		end := tokenEnd(src, i)
		t.index[i] = len(t.order)
		t.order = append(t.order, i)
		t.end[i], t.start[end] = end, i
		switch c {
		case '(', '[', '{':
			t.group[i] = c == '(' && !name
			open = append(open, i)
			name = false
		case ')', ']', '}':
			if n := len(open); n > 0 {
				t.pair[open[n-1]], t.pair[i] = i, open[n-1]
				open = open[:n-1]
			}
			name = true
		default:
			name = isNameRune(c) || c == '`'
			if string(src[i:end]) == "in" {
				name = false
			}
		}
		i = end
	}
	return t
}

func isNameRune(c rune) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// tokenEnd returns the end of the token that starts at i.
func tokenEnd(src []rune, i int) int {
	c := src[i]
	switch {
	case c == '"' || c == '\'':
		return textEnd(src, i, false)
	case c == '`':
		for j := i + 1; j < len(src); j++ {
			if src[j] == '`' {
				return j + 1
			}
		}
		return len(src)
	case c >= '0' && c <= '9' || c == '.' && i+1 < len(src) && src[i+1] >= '0' && src[i+1] <= '9':
		return numberEnd(src, i)
	case isNameRune(c):
		j := i
		for j < len(src) && isNameRune(src[j]) {
			j++
		}
		if j < len(src) && (src[j] == '"' || src[j] == '\'') && j-i <= 2 {
			raw := false
			for _, p := range src[i:j] {
				raw = raw || p == 'r' || p == 'R'
			}
			return textEnd(src, j, raw)
		}
		return j
	}
	if i+1 < len(src) {
		switch string(src[i : i+2]) {
		case "==", "!=", "<=", ">=", "&&", "||":
			return i + 2
		}
	}
	return i + 1
}

// numberEnd returns the end of a number, an exponent's sign included.
func numberEnd(src []rune, i int) int {
	j := i
	hex := j+1 < len(src) && src[j] == '0' && (src[j+1] == 'x' || src[j+1] == 'X')
	for j < len(src) {
		c := src[j]
		switch {
		case isNameRune(c), c == '.' && !hex && j+1 < len(src) && src[j+1] >= '0' && src[j+1] <= '9':
			j++
		case (c == '+' || c == '-') && !hex && (src[j-1] == 'e' || src[j-1] == 'E'):
			j++
		default:
			return j
		}
	}
	return j
}

// textEnd returns the end of the string whose opening quote stands at i.
func textEnd(src []rune, i int, raw bool) int {
	q := src[i]
	n := 1
	if i+2 < len(src) && src[i+1] == q && src[i+2] == q {
		n = 3
	}
	for j := i + n; j < len(src); j++ {
		switch {
		case src[j] == '\\' && !raw:
			j++
		case src[j] == q:
			k := 1
			for k < n && j+k < len(src) && src[j+k] == q {
				k++
			}
			if k == n {
				return j + n
			}
		}
	}
	return len(src)
}

// prev returns the start of the token before the one at i, -1 where there is none.
func (t *tokens) prev(i int) int {
	k, ok := t.index[i]
	if !ok || k == 0 {
		return -1
	}
	return t.order[k-1]
}

// next returns the start of the first token at or after i, -1 where there is none.
func (t *tokens) next(i int) int {
	for ; i < len(t.src); i++ {
		if _, ok := t.end[i]; ok {
			return i
		}
	}
	return -1
}
