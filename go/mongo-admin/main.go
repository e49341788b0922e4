// Command mongo-admin does what MongoDB's start script and health check need, over the server's own protocol: the archive
// of the server holds no client.
//
//	mongo-admin ping           succeeds when the server of this container answers
//	mongo-admin create-users   waits for the server, then creates the users that the environment names
//	mongo-admin set-password root|user   gives this user of the environment another password: the old and the new one are
//	                                     the first two lines of the input
//	mongo-admin try-password root|user   succeeds when the server takes the new one, the second line of the input
//	mongo-admin threads        fails where a filter of system calls keeps the C library from starting threads
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

const (
	address = "mongodb://127.0.0.1:27017/?directConnection=true"
	// The server's code for a user who is there already.
	userExists = 51003
)

const usage = "expected ping, create-users, threads, set-password or try-password with root or user"

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "mongo-admin:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 2 && (args[0] == "set-password" || args[0] == "try-password") {
		return password(args[0], args[1], os.Stdin)
	}
	if len(args) != 1 {
		return errors.New(usage)
	}
	switch args[0] {
	case "ping":
		return with(3*time.Second, ping)
	case "threads":
		return threads()
	case "create-users":
		users, err := wantedUsers(os.Getenv, os.ReadFile)
		if err != nil {
			return err
		}
		return with(2*time.Minute, func(ctx context.Context, client *mongo.Client) error {
			return createUsers(ctx, client, users)
		})
	}
	return fmt.Errorf("unknown command %q: %s", args[0], usage)
}

// threads asks for nothing that could be done. A kernel that has the call, or does not know it, says so; a filter that predates it says
// that it is not permitted, and then the C library does not fall back to clone.
func threads() error {
	const clone3 = 435
	if _, _, failed := syscall.RawSyscall(clone3, 0, 0, 0); failed == syscall.EPERM {
		return errors.New("clone3 is refused: operation not permitted")
	}
	return nil
}

// The driver itself waits for a server that does not answer yet.
func with(limit time.Duration, task func(context.Context, *mongo.Client) error) error {
	return withOptions(options.Client(), limit, task)
}

func withOptions(given *options.ClientOptions, limit time.Duration, task func(context.Context, *mongo.Client) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	client, err := mongo.Connect(given.ApplyURI(address).SetServerSelectionTimeout(limit))
	if err != nil {
		return err
	}
	defer client.Disconnect(context.Background())
	return task(ctx, client)
}

func ping(ctx context.Context, client *mongo.Client) error {
	return client.Ping(ctx, nil)
}

type user struct {
	database, name, password, role string
}

// wantedUsers reads the official image's variables, and those of OpenIM's compose file.
func wantedUsers(env func(string) string, file func(string) ([]byte, error)) ([]user, error) {
	var missing []string
	value := func(name string) (string, error) {
		if path := env(name + "_FILE"); path != "" {
			text, err := file(path)
			return strings.TrimRight(string(text), "\r\n"), err
		}
		if env(name) == "" {
			missing = append(missing, name)
		}
		return env(name), nil
	}
	var values [5]string
	for index, name := range []string{
		"MONGO_INITDB_ROOT_USERNAME", "MONGO_INITDB_ROOT_PASSWORD",
		"MONGO_OPENIM_USERNAME", "MONGO_OPENIM_PASSWORD", "MONGO_INITDB_DATABASE",
	} {
		text, err := value(name)
		if err != nil {
			return nil, fmt.Errorf("%s_FILE cannot be read: %w", name, err)
		}
		values[index] = text
	}
	if values[0] == "" || values[1] == "" {
		return nil, errors.New("set both MONGO_INITDB_ROOT_USERNAME and MONGO_INITDB_ROOT_PASSWORD")
	}
	users := []user{{"admin", values[0], values[1], "root"}}
	// MONGO_INITDB_DATABASE alone is no mistake: the official image takes it for scripts.
	if values[2] == "" && values[3] == "" {
		return users, nil
	}
	if values[2] == "" || values[3] == "" || values[4] == "" {
		return nil, fmt.Errorf("OpenIM's user needs a name, a password and a database: set %s", strings.Join(missing, ", "))
	}
	return append(users, user{values[4], values[2], values[3], "readWrite"}), nil
}

// createUsers leaves a user alone who is there already, so that it can be done again after a start that was cut short.
func createUsers(ctx context.Context, client *mongo.Client, users []user) error {
	for _, user := range users {
		command := bson.D{
			{Key: "createUser", Value: user.name},
			{Key: "pwd", Value: user.password},
			{Key: "roles", Value: bson.A{bson.D{{Key: "role", Value: user.role}, {Key: "db", Value: user.database}}}},
		}
		err := client.Database(user.database).RunCommand(ctx, command).Err()
		var refused mongo.CommandError
		if errors.As(err, &refused) && refused.Code == userExists {
			continue
		}
		if err != nil {
			return fmt.Errorf("user %s in database %s: %w", user.name, user.database, err)
		}
		fmt.Printf("mongo-admin: created user %s in database %s\n", user.name, user.database)
	}
	return nil
}

// A change of a password: who logs in for it, and whose it is.
type change struct {
	login, user user
}

// changeOf finds the users in what create-users made them from. The administrator gives OpenIM's user a new password: that one may
// not do so.
func changeOf(users []user, whose, before, after string) (change, error) {
	root := users[0]
	switch {
	case whose == "root":
		root.password = before
		return change{login: root, user: user{root.database, root.name, after, root.role}}, nil
	case whose == "user" && len(users) == 2:
		return change{login: root, user: user{users[1].database, users[1].name, after, users[1].role}}, nil
	case whose == "user":
		return change{}, errors.New("OpenIM's user is not known: set MONGO_OPENIM_USERNAME, MONGO_OPENIM_PASSWORD and MONGO_INITDB_DATABASE")
	}
	return change{}, fmt.Errorf("unknown user %q: expected root or user", whose)
}

// lines reads the old and the new password.
func lines(input io.Reader) (before, after string, err error) {
	scanner := bufio.NewScanner(input)
	var found [2]string
	for index := range found {
		if !scanner.Scan() {
			return "", "", errors.New("expected the old and the new password as two lines of the input")
		}
		found[index] = scanner.Text()
	}
	if found[1] == "" {
		return "", "", errors.New("the new password is empty")
	}
	return found[0], found[1], nil
}

func password(command, whose string, input io.Reader) error {
	before, after, err := lines(input)
	if err != nil {
		return err
	}
	users, err := wantedUsers(os.Getenv, os.ReadFile)
	if err != nil {
		return err
	}
	wanted, err := changeOf(users, whose, before, after)
	if err != nil {
		return err
	}
	if command == "try-password" {
		return withOptions(as(wanted.user), 10*time.Second, ping)
	}
	return withOptions(as(wanted.login), 30*time.Second, func(ctx context.Context, client *mongo.Client) error {
		update := bson.D{{Key: "updateUser", Value: wanted.user.name}, {Key: "pwd", Value: wanted.user.password}}
		return client.Database(wanted.user.database).RunCommand(ctx, update).Err()
	})
}

func as(login user) *options.ClientOptions {
	return options.Client().SetAuth(options.Credential{AuthSource: login.database, Username: login.name, Password: login.password})
}
