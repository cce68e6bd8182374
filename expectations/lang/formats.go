package lang

import (
	"math"
	"net/netip"
	"regexp"
	"strconv"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// The formats that are regular expressions, as RE2 reads them; lowering says them as such.
const (
	// EmailPattern is the HTML standard's definition of a valid e-mail address, which protovalidate takes too.
	EmailPattern = "^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$"
	// UUIDPattern is the hyphenated form of RFC 9562, in either case.
	UUIDPattern = "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$"
)

var (
	emailRegexp = regexp.MustCompile(EmailPattern)
	uuidRegexp  = regexp.MustCompile(UUIDPattern)
)

// formatFunctions declares the format predicates, named and meant as in protovalidate.
func formatFunctions() []cel.EnvOption {
	text := func(name string, f func(string) bool) cel.FunctionOpt {
		return memberTest("string_"+name, cel.StringType, func(s types.String) bool { return f(string(s)) })
	}
	double := func(name string, f func(float64) bool) cel.FunctionOpt {
		return memberTest("double_"+name, cel.DoubleType, func(d types.Double) bool { return f(float64(d)) })
	}
	with := func(id string, arg *cel.Type, f func(string, ref.Val) bool) cel.FunctionOpt {
		return cel.MemberOverload(id, []*cel.Type{cel.StringType, arg}, cel.BoolType,
			cel.BinaryBinding(func(v, a ref.Val) ref.Val {
				s, ok := v.(types.String)
				if !ok {
					return types.MaybeNoSuchOverloadErr(v)
				}
				return types.Bool(f(string(s), a))
			}))
	}
	return []cel.EnvOption{
		cel.Function("isEmail", text("isEmail", emailRegexp.MatchString)),
		cel.Function("isUuid", text("isUuid", uuidRegexp.MatchString)),
		cel.Function("isUri", text("isUri", isURI)),
		cel.Function("isUriRef", text("isUriRef", isURIRef)),
		cel.Function("isHostname", text("isHostname", isHostname)),
		cel.Function("isHostAndPort", with("string_isHostAndPort_bool", cel.BoolType, func(s string, a ref.Val) bool {
			return isHostAndPort(s, a == types.True)
		})),
		cel.Function("isIp",
			text("isIp", func(s string) bool { return isIP(s, 0) }),
			with("string_isIp_int", cel.IntType, func(s string, a ref.Val) bool { return isIP(s, intOf(a)) })),
		cel.Function("isIpPrefix",
			text("isIpPrefix", func(s string) bool { return isIPPrefix(s, 0, false) }),
			with("string_isIpPrefix_int", cel.IntType, func(s string, a ref.Val) bool { return isIPPrefix(s, intOf(a), false) }),
			with("string_isIpPrefix_bool", cel.BoolType, func(s string, a ref.Val) bool { return isIPPrefix(s, 0, a == types.True) }),
			cel.MemberOverload("string_isIpPrefix_int_bool", []*cel.Type{cel.StringType, cel.IntType, cel.BoolType}, cel.BoolType,
				cel.FunctionBinding(func(args ...ref.Val) ref.Val {
					s, ok := args[0].(types.String)
					if !ok {
						return types.MaybeNoSuchOverloadErr(args[0])
					}
					return types.Bool(isIPPrefix(string(s), intOf(args[1]), args[2] == types.True))
				}))),
		cel.Function("isNan", double("isNan", math.IsNaN)),
		cel.Function("isFinite", double("isFinite", func(f float64) bool { return !math.IsNaN(f) && !math.IsInf(f, 0) })),
		cel.Function("isInf",
			double("isInf", func(f float64) bool { return math.IsInf(f, 0) }),
			cel.MemberOverload("double_isInf_int", []*cel.Type{cel.DoubleType, cel.IntType}, cel.BoolType,
				cel.BinaryBinding(func(v, sign ref.Val) ref.Val {
					d, ok := v.(types.Double)
					if !ok {
						return types.MaybeNoSuchOverloadErr(v)
					}
					return types.Bool(math.IsInf(float64(d), signOf(intOf(sign))))
				}))),
	}
}

// memberTest declares an overload of a predicate without arguments on values of CEL type t, which are Go's T.
func memberTest[T ref.Val](id string, t *cel.Type, f func(T) bool) cel.FunctionOpt {
	return cel.MemberOverload(id, []*cel.Type{t}, cel.BoolType, cel.UnaryBinding(func(v ref.Val) ref.Val {
		x, ok := v.(T)
		if !ok {
			return types.MaybeNoSuchOverloadErr(v)
		}
		return types.Bool(f(x))
	}))
}

func signOf(i int64) int {
	switch {
	case i > 0:
		return 1
	case i < 0:
		return -1
	}
	return 0
}

func intOf(v ref.Val) int64 {
	i, _ := v.(types.Int)
	return int64(i)
}

// isIP reports whether s is an address: of version 4 in dotted decimals without leading zeros, of version 6
// by RFC 4291 with an optional zone.
func isIP(s string, version int64) bool {
	a, err := netip.ParseAddr(s)
	return err == nil && isVersion(a, version)
}

// isIPPrefix reports whether s is address/length; strict: no bit behind the length is set.
func isIPPrefix(s string, version int64, strict bool) bool {
	p, err := netip.ParsePrefix(s)
	return err == nil && (!strict || p.Masked() == p) && isVersion(p.Addr(), version)
}

// isVersion reports whether a is of IP version 4 or 6. Version 0 is either; no address is of another number.
func isVersion(a netip.Addr, version int64) bool {
	return version == 0 || version == 4 && a.Is4() || version == 6 && a.Is6()
}

// isHostname: RFC 1034 with digits allowed first; at most 253 octets, labels of 1 to 63, a dot at the end
// allowed, the last label not all digits.
func isHostname(s string) bool {
	if len(s) > 253 {
		return false
	}
	s = strings.TrimSuffix(s, ".")
	digits := false
	for label := range strings.SplitSeq(s, ".") {
		n := len(label)
		if n == 0 || n > 63 || label[0] == '-' || label[n-1] == '-' {
			return false
		}
		digits = true
		for i := range n {
			c := label[i]
			if !isDigit(c) {
				digits = false
				if !isAlpha(c) && c != '-' {
					return false
				}
			}
		}
	}
	return !digits
}

// isHostAndPort: a host name, an IPv4 address or an IPv6 address in brackets, then a port of 0 to
// 65535 without leading zeros, which may be missing unless required.
func isHostAndPort(s string, required bool) bool {
	if s == "" {
		return false
	}
	colon := strings.LastIndexByte(s, ':')
	if s[0] == '[' {
		end := strings.LastIndexByte(s, ']')
		switch {
		case end < 0:
			return false
		case end+1 == len(s):
			return !required && isIP(s[1:end], 6)
		case end+1 == colon:
			return isIP(s[1:end], 6) && isPort(s[colon+1:])
		}
		return false
	}
	if colon < 0 {
		return !required && (isHostname(s) || isIP(s, 4))
	}
	return (isHostname(s[:colon]) || isIP(s[:colon], 4)) && isPort(s[colon+1:])
}

func isPort(s string) bool {
	if s == "" || len(s) > 1 && s[0] == '0' {
		return false
	}
	for i := range len(s) {
		if !isDigit(s[i]) {
			return false
		}
	}
	_, err := strconv.ParseUint(s, 10, 16)
	return err == nil
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
func isAlpha(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
func isHex(c byte) bool   { return isDigit(c) || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F' }
