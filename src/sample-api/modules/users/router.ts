import type { FastifyInstance } from 'fastify';
import type { Platform } from '../../shared/platform.ts';
import { addCrudRoutes } from '../../shared/router-factory.ts';
import { userRepository } from './repository.ts';
import { user, userCreate, userQuery, userUpdate } from './schemas.ts';
import { userService } from './service.ts';

export function addUsers(app: FastifyInstance, { db }: Platform): void {
  addCrudRoutes(app, {
    path: '/users',
    tag: 'users',
    resource: 'user',
    row: user,
    query: userQuery,
    create: userCreate,
    update: userUpdate,
    service: userService(db, userRepository()),
  });
}
