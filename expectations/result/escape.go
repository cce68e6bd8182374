package result

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/assay-dev/assay/connectors/value"
)

// JSON holds no bytes that are no UTF-8. A text that has some is written with \xff for each of them, by its two hexadecimal digits, and \\ for a backslash; its type
// then begins with this word. So two texts never become one, and each can be read back.
const escapedPrefix = "escaped_"

// hasBytes reports whether a text of v, or of what it lists, holds bytes that are no UTF-8.
func hasBytes(v value.Value) bool {
	switch v.Kind() {
	case value.String:
		return !utf8.ValidString(v.Str())
	case value.JSON:
		return !utf8.ValidString(v.Text())
	case value.List:
		return slices.ContainsFunc(v.List(), hasBytes)
	default:
	}
	return false
}

// escapedType is the name of a type whose texts are escaped.
func escapedType(name string) string {
	return strings.NewReplacer("string", escapedPrefix+"string", "json", escapedPrefix+"json").Replace(name)
}

func escape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case r == '\\':
			b.WriteString(`\\`)
		default:
			b.WriteString(s[i : i+n])
		}
		i += n
	}
	return b.String()
}

func unescape(s string) (string, error) {
	var b strings.Builder
	for rest := s; ; {
		plain, behind, more := strings.Cut(rest, `\`)
		b.WriteString(plain)
		switch {
		case !more:
			return b.String(), nil
		case strings.HasPrefix(behind, `\`):
			b.WriteByte('\\')
			rest = behind[1:]
		case len(behind) >= 3 && behind[0] == 'x':
			c, err := strconv.ParseUint(behind[1:3], 16, 8)
			if err != nil {
				return "", fmt.Errorf("%q is no escaped text: \\x%s is no byte", s, behind[1:3])
			}
			b.WriteByte(byte(c))
			rest = behind[3:]
		default:
			return "", fmt.Errorf(`%q is no escaped text: a backslash stands before \ or x and two digits`, s)
		}
	}
}

// Escapes are the types of those cells whose text is escaped, by place and column as Failure.Types has them ("key.id": "escaped_string"); nil where there is none.
func Escapes(places map[string]map[string]Cell) map[string]string {
	var out map[string]string
	for place, cells := range places {
		for column, c := range cells {
			if !hasBytes(c.Value) {
				continue
			}
			if out == nil {
				out = map[string]string{}
			}
			out[place+"."+column] = typeOf(c)
		}
	}
	return out
}
