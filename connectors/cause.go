package connectors

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
)

// Causes that mean the same on every system, whatever words its driver has for them.
var (
	// ErrStatementTimeout is the cause of a statement that Config.Timeout ended.
	ErrStatementTimeout = errors.New("the statement timeout passed")
	// ErrCredentials is the cause of a login that was refused.
	ErrCredentials = errors.New("the user, its password or its key is wrong")
	// ErrNoDatabase is the cause where the server runs but has no database of that name.
	ErrNoDatabase = errors.New("the server has no database of that name")
	// ErrNotOnPath is the cause where a table named without its schema is in none that the account looks in.
	ErrNotOnPath = errors.New("no such table or view in the schemas of the search path")
	// ErrConnectionLost is the cause of a connection that broke while it was in use.
	ErrConnectionLost = errors.New("the connection to the server was lost")
)

// NetworkCause says in the same words for every system why a connection could not be made; false where the reason is none of
// the network's. Of an address it shows only the resolved IP and port: a host's name may hold a part of a mistyped password.
func NetworkCause(err error) (string, bool) {
	var (
		dns     *net.DNSError
		op      *net.OpError
		unknown x509.UnknownAuthorityError
		host    x509.HostnameError
		cert    *tls.CertificateVerificationError
	)
	switch {
	case errors.As(err, &unknown):
		return "TLS: the server's certificate is signed by an unknown authority", true
	case errors.As(err, &host):
		return "TLS: the server's certificate is for another host", true
	case errors.As(err, &cert):
		return "TLS: the server's certificate does not fit", true
	case errors.As(err, &dns):
		return "its host's name is unknown", true
	case !errors.As(err, &op):
		return "", false
	}
	at := ""
	if a, ok := op.Addr.(*net.TCPAddr); ok {
		at = " by " + a.String()
	}
	var errno syscall.Errno
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused" + at, true
	case os.IsTimeout(err) || op.Timeout():
		return "no answer in time", true
	case errors.As(err, &errno):
		return errno.Error(), true
	}
	return fmt.Sprintf("%s: the connection failed", op.Op), true
}
