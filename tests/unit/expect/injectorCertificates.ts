/** A certificate and its key. */
export interface Identity {
  readonly cert: string;
  readonly key: string;
}

/**
 * Self-signed certificates for istiod.istio-system.svc and 127.0.0.1 with their keys, made for these tests and trusted by nothing else.
 * Valid for a hundred years.
 */
export const FIRST: Identity = {
  cert: `-----BEGIN CERTIFICATE-----
MIIBpzCCAU2gAwIBAgIUHxmRFinC0njcIM9qUemdlOjUr10wCgYIKoZIzj0EAwIw
EzERMA8GA1UEAwwIaW5qZWN0b3IwIBcNMjYxMTIxMDU1NzQ0WhgPMjEyNjEwMjgw
NTU3NDRaMBMxETAPBgNVBAMMCGluamVjdG9yMFkwEwYHKoZIzj0CAQYIKoZIzj0D
AQcDQgAEEtPVoW+dUfOXTqo3RDAGpaWSgV+L4TBlBnOu4VAIKrqqCQEFgiSuscQS
g8bck/igcIP/siUXd4v5oaqN/9PBKKN9MHswHQYDVR0OBBYEFNyGFvY3Mn89qYbm
OCWjoBZtUulYMB8GA1UdIwQYMBaAFNyGFvY3Mn89qYbmOCWjoBZtUulYMA8GA1Ud
EwEB/wQFMAMBAf8wKAYDVR0RBCEwH4IXaXN0aW9kLmlzdGlvLXN5c3RlbS5zdmOH
BH8AAAEwCgYIKoZIzj0EAwIDSAAwRQIgKDUywzS0fYa/AQK6zktqx7jcaZ9YPmnz
ZJ0zRdhh4qYCIQCIo9xiSMrfrBT9RxRxkA+ksDLNUwhkKYFTZPOawMMMsQ==
-----END CERTIFICATE-----
`,
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgXT0m8wdMTvktg4qk
eV2plGRnoqIJYEgg9LFeFxHmRI+hRANCAAQS09Whb51R85dOqjdEMAalpZKBX4vh
MGUGc67hUAgquqoJAQWCJK6xxBKDxtyT+KBwg/+yJRd3i/mhqo3/08Eo
-----END PRIVATE KEY-----
`,
};

/** The same names by another authority, as after a rotation. */
export const SECOND: Identity = {
  cert: `-----BEGIN CERTIFICATE-----
MIIBpjCCAU2gAwIBAgIUOActSh/KASXsgmk8df5anbXGxLcwCgYIKoZIzj0EAwIw
EzERMA8GA1UEAwwIaW5qZWN0b3IwIBcNMjYxMTIxMDU1NzQ0WhgPMjEyNjEwMjgw
NTU3NDRaMBMxETAPBgNVBAMMCGluamVjdG9yMFkwEwYHKoZIzj0CAQYIKoZIzj0D
AQcDQgAE3+j+tr2vOj9VXvPiS6cl7ZTZs7OghuoaveD1y85BAVQ6IA1PAgHodKm9
guVaEt6zjgv+50Wpy4PqDpD1gZjSt6N9MHswHQYDVR0OBBYEFBhtNZq3njzttCUr
YWr8ZrUlw3i7MB8GA1UdIwQYMBaAFBhtNZq3njzttCUrYWr8ZrUlw3i7MA8GA1Ud
EwEB/wQFMAMBAf8wKAYDVR0RBCEwH4IXaXN0aW9kLmlzdGlvLXN5c3RlbS5zdmOH
BH8AAAEwCgYIKoZIzj0EAwIDRwAwRAIgVzS5c0rumn83z6bWTWhHmfQeOrZtJRNA
mNbg8rXomeACIG4fj8wpuK8nAXCwlntbRtQoI/fM0ogVfWPf2zfYmc0b
-----END CERTIFICATE-----
`,
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgIzkQjvmb7l7ztLwG
zVBo0jKczfif6jw+k69TB6JQ++OhRANCAATf6P62va86P1Ve8+JLpyXtlNmzs6CG
6hq94PXLzkEBVDogDU8CAeh0qb2C5VoS3rOOC/7nRanLg+oOkPWBmNK3
-----END PRIVATE KEY-----
`,
};
