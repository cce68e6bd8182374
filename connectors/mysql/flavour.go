package mysql

import (
	"strconv"
	"strings"
	"time"
)

// flavour is which of the two servers of one protocol answers. They parted at MySQL 5.5 and differ in collations, settings, regular
// expressions, types and catalogue; what is the same is said once, and what only one says exactly is refused on the other.
type flavour int32

// The flavours; 0 is not known yet.
const (
	mySQL   flavour = 1
	mariaDB flavour = 2
)

// flavourOf tells a server by VERSION(): "9.4.0", "10.11.14-MariaDB-log".
func flavourOf(version string) flavour {
	if strings.Contains(strings.ToLower(version), "mariadb") {
		return mariaDB
	}
	return mySQL
}

// String is the name in refusals.
func (f flavour) String() string {
	if f == mariaDB {
		return "mariadb"
	}
	return "mysql"
}

// brand is the name for people.
func (f flavour) brand() string {
	if f == mariaDB {
		return "MariaDB"
	}
	return "MySQL"
}

// collation compares text octet by octet, without padding. utf8mb4_bin, which both have, pads.
func (f flavour) collation() string {
	if f == mariaDB {
		return "utf8mb4_nopad_bin"
	}
	return "utf8mb4_0900_bin"
}

// truncates reports whether the server cuts fractions of a second where a column has no room for them. MySQL rounds and MariaDB cuts,
// each unless its mode says otherwise.
func (f flavour) truncates(mode string) bool {
	if f == mariaDB {
		return !strings.Contains(mode, "TIME_ROUND_FRACTIONAL")
	}
	return strings.Contains(mode, "TIME_TRUNCATE_FRACTIONAL")
}

// pins are the statements that set a session up; timeout bounds each of its statements, 0 not at all.
//   - collation_connection is the type of literals;
//   - information_schema_stats_expiry 0 reads row estimates of now.
//
// MariaDB:
//   - ORACLE is another syntax, EMPTY_STRING_IS_NULL another meaning of the empty text;
//   - default_regex_flags would change what a pattern says;
//   - max_sort_length would cut the keys of ORDER BY, and so the order, after 1,024 bytes: see longest;
//   - the two modes of a transaction are called otherwise before MariaDB 11.1, but have a statement of their own.
func (f flavour) pins(timeout time.Duration) []string {
	if f == mariaDB {
		modes := strings.Replace(pins, "@@SESSION.sql_mode", "REPLACE(REPLACE(@@SESSION.sql_mode, 'EMPTY_STRING_IS_NULL', ''), 'ORACLE', '')", 1)
		return []string{
			modes + ", collation_connection = 'utf8mb4_nopad_bin', default_regex_flags = '', max_sort_length = 200000, max_statement_time = " +
				strconv.FormatFloat(timeout.Seconds(), 'f', 6, 64),
			"SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
		}
	}
	ms := timeout.Milliseconds()
	if timeout > 0 && ms == 0 {
		ms = 1
	}
	return []string{pins + ", collation_connection = 'utf8mb4_0900_bin', transaction_isolation = 'REPEATABLE-READ', transaction_read_only = 1," +
		" information_schema_stats_expiry = 0, max_execution_time = " + strconv.FormatInt(ms, 10)}
}
