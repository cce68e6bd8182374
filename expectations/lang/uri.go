package lang

import (
	"net/netip"
	"strings"
	"unicode/utf8"
)

// The grammar of RFC 3986, appendix A, and of RFC 6874 for zones.

// isURI reports whether s is a URI: a scheme and what follows.
func isURI(s string) bool {
	scheme, rest, ok := strings.Cut(s, ":")
	return ok && isScheme(scheme) && isReference(rest, false)
}

// isURIRef reports whether s is a URI or a relative reference.
func isURIRef(s string) bool { return isURI(s) || isReference(s, true) }

func isScheme(s string) bool {
	if s == "" || !isAlpha(s[0]) {
		return false
	}
	for i := range len(s) {
		if c := s[i]; !isAlpha(c) && !isDigit(c) && c != '+' && c != '-' && c != '.' {
			return false
		}
	}
	return true
}

// isReference reads what follows a scheme, or a relative reference, whose first segment
// may hold no colon.
func isReference(s string, relative bool) bool {
	s, fragment, _ := strings.Cut(s, "#")
	s, query, _ := strings.Cut(s, "?")
	if !all(fragment, ":@/?") || !all(query, ":@/?") {
		return false
	}
	if rest, ok := strings.CutPrefix(s, "//"); ok {
		authority, path := rest, ""
		if i := strings.IndexByte(rest, '/'); i >= 0 {
			authority, path = rest[:i], rest[i:]
		}
		return isAuthority(authority) && all(path, ":@/")
	}
	if relative {
		first, _, _ := strings.Cut(s, "/")
		if strings.Contains(first, ":") {
			return false
		}
	}
	return all(s, ":@/")
}

// all reports whether s holds only unreserved characters, sub-delimiters, percent-encoded octets
// and the characters in more.
func all(s, more string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case isAlpha(c), isDigit(c), strings.IndexByte("-._~!$&'()*+,;=", c) >= 0, strings.IndexByte(more, c) >= 0:
		case c == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]):
			i += 2
		default:
			return false
		}
	}
	return true
}

func isAuthority(s string) bool {
	if i := strings.LastIndexByte(s, '@'); i >= 0 {
		if !all(s[:i], ":") {
			return false
		}
		s = s[i+1:]
	}
	if literal, ok := strings.CutPrefix(s, "["); ok {
		literal, port, closed := strings.Cut(literal, "]")
		digits, colon := strings.CutPrefix(port, ":")
		return closed && (port == "" || colon) && isIPLiteral(literal) && onlyDigits(digits)
	}
	host, port, _ := strings.Cut(s, ":")
	return isRegName(host) && onlyDigits(port)
}

func onlyDigits(s string) bool {
	for i := range len(s) {
		if !isDigit(s[i]) {
			return false
		}
	}
	return true
}

// isIPLiteral is what stands in brackets: IPv6 with an optional zone, or IPvFuture.
func isIPLiteral(s string) bool {
	if len(s) > 1 && (s[0] == 'v' || s[0] == 'V') {
		version, rest, ok := strings.Cut(s[1:], ".")
		if !ok || version == "" || rest == "" || strings.Contains(rest, "%") || !all(rest, ":") {
			return false
		}
		for i := range len(version) {
			if !isHex(version[i]) {
				return false
			}
		}
		return true
	}
	addr, zone, zoned := strings.Cut(s, "%25")
	if strings.Contains(addr, "%") || zoned && (zone == "" || !all(zone, "") || strings.ContainsAny(zone, "!$&'()*+,;=")) {
		return false
	}
	a, err := netip.ParseAddr(addr)
	return err == nil && a.Is6()
}

// isRegName is a registered name or an IPv4 address; what is percent-encoded in it is UTF-8.
func isRegName(s string) bool {
	if !all(s, "") {
		return false
	}
	if !strings.Contains(s, "%") {
		return true
	}
	var b []byte
	for i := 0; i < len(s); i++ {
		if s[i] == '%' {
			b = append(b, unhex(s[i+1])<<4|unhex(s[i+2]))
			i += 2
			continue
		}
		b = append(b, s[i])
	}
	return utf8.Valid(b)
}

func unhex(c byte) byte {
	switch {
	case isDigit(c):
		return c - '0'
	case c >= 'a':
		return c - 'a' + 10
	}
	return c - 'A' + 10
}
